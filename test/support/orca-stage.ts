import { setTimeout as pause } from 'node:timers/promises';

/**
 * A Spinnaker webhook stage with `waitForCompletion`: what orca makes of the answers to its request and to its
 * monitoring. A model from reading orca-webhook, not from running it. Its pauses of 1 and 15 seconds are shorter here.
 */
export type Stage = {
  readonly url: string;
  readonly payload: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly statusUrlJsonPath: string;
  readonly statusJsonPath: string;
  readonly progressJsonPath: string;
  readonly successStatuses: string;
  readonly terminalStatuses: string;
};

export type StageStatus = 'SUCCEEDED' | 'TERMINAL' | 'RUNNING';
export type Monitored = {
  readonly status: StageStatus;
  readonly progress: string | null;
  readonly why: string;
};

type Reply = { readonly status: number; readonly body: unknown; readonly text: string };

const readTimeoutMs = 20_000;
const pauseMs = 250;

/** The forms of JSONPath that the shipped stage has: `$.name`. A path that leads nowhere ends the stage. */
function read(body: unknown, path: string): unknown {
  const name = /^\$\.(\w+)$/.exec(path)?.[1];
  if (name === undefined) throw new Error(`not modelled: ${path}`);
  if (typeof body !== 'object' || body === null || !(name in body)) return undefined;
  return (body as Readonly<Record<string, unknown>>)[name];
}

async function exchange(method: string, url: string, { headers, payload }: Stage): Promise<Reply> {
  const response = await fetch(url, {
    method,
    headers,
    signal: AbortSignal.timeout(readTimeoutMs),
    ...(method === 'GET' ? {} : { body: payload }),
  });
  const text = await response.text();
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    // Orca reads a body that is no JSON as text.
  }
  return { status: response.status, body, text };
}

function isListed(list: string, word: string): boolean {
  return list.split(',').some((one) => one.trim().toLowerCase() === word.toLowerCase());
}

/** Sends the request; gives the address to monitor, or why the stage ended. `null`: to be tried again. */
export async function create(
  stage: Stage,
): Promise<{ readonly statusUrl: string } | { readonly ended: string } | null> {
  const { status, body, text } = await exchange('POST', stage.url, stage);
  if (status === 429 || (status >= 500 && status !== 504)) return null;
  if (status >= 400) return { ended: `${status}: ${text}` };
  const statusUrl = read(body, stage.statusUrlJsonPath);
  // The host is compared; a relative address has none.
  if (typeof statusUrl !== 'string' || !URL.canParse(statusUrl))
    return { ended: `no address: ${String(statusUrl)}` };
  return { statusUrl };
}

/** Asks once how it stands. */
export async function monitor(stage: Stage, statusUrl: string): Promise<Monitored> {
  const { status, body, text } = await exchange('GET', statusUrl, stage);
  if (status === 429 || status >= 500) return { status: 'RUNNING', progress: null, why: `${status}` };
  if (status >= 400) return { status: 'TERMINAL', progress: null, why: `${status}: ${text}` };
  const word = read(body, stage.statusJsonPath);
  const progress = read(body, stage.progressJsonPath);
  if (typeof progress !== 'string') return { status: 'TERMINAL', progress: null, why: 'progress is no text' };
  if (typeof word !== 'string') return { status: 'TERMINAL', progress, why: `no status: ${text}` };
  if (isListed(stage.successStatuses, word)) return { status: 'SUCCEEDED', progress, why: word };
  if (isListed(stage.terminalStatuses, word)) return { status: 'TERMINAL', progress, why: word };
  return { status: 'RUNNING', progress, why: word };
}

async function createAtLast(stage: Stage): Promise<NonNullable<Awaited<ReturnType<typeof create>>>> {
  for (;;) {
    const created = await create(stage);
    if (created !== null) return created;
    await pause(pauseMs);
  }
}

/** Runs the stage until it ends; gives how, and each different status on the way. */
export async function runStage(
  stage: Stage,
): Promise<{ readonly last: Monitored; readonly seen: readonly string[] }> {
  const seen: string[] = [];
  const created = await createAtLast(stage);
  if ('ended' in created) return { last: { status: 'TERMINAL', progress: null, why: created.ended }, seen };
  for (;;) {
    const last = await monitor(stage, created.statusUrl);
    if (seen.at(-1) !== last.why) seen.push(last.why);
    if (last.status !== 'RUNNING') return { last, seen };
    await pause(pauseMs);
  }
}
