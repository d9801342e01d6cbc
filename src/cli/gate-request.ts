import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { type InputIssue, invalidInput } from '../errors.ts';
import { given, readAccess } from './access.ts';
import type { StartAnalysis } from './client.ts';
import type { GateFlags } from './gate-options.ts';
import type { Io } from './io.ts';

/** Where the service is and what to ask it. */
export type GateRequest = {
  readonly url: string;
  readonly token: string | null;
  readonly body: StartAnalysis;
};

/** The object without its absent members; absent itself when none is left. */
function present<T extends Record<string, unknown>>(
  members: T,
): { [K in keyof T]?: NonNullable<T[K]> } | undefined {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return entries.length === 0
    ? undefined
    : (Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> });
}

function readScope(
  flag: string,
  pairs: readonly string[] | undefined,
  issues: InputIssue[],
): Record<string, string> | undefined {
  if (pairs === undefined) return undefined;
  const entries = pairs.map(
    (pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const,
  );
  for (const [index, [name]] of entries.entries()) {
    const pair = pairs[index] ?? '';
    if (name === '' || !pair.includes('='))
      issues.push({ path: flag, message: `found "${pair}"; allowed is name=value` });
  }
  return Object.fromEntries(entries);
}

async function readPlan(
  path: string | undefined,
  issues: InputIssue[],
): Promise<{ [key: string]: unknown } | undefined> {
  if (path === undefined) return undefined;
  try {
    const plan: unknown = parse(await readFile(path, 'utf8'));
    if (typeof plan === 'object' && plan !== null && !Array.isArray(plan))
      return plan as { [key: string]: unknown };
    issues.push({
      path: '--plan',
      message: `${path} holds no mapping; a plan has duration, metrics and so on`,
    });
  } catch (error) {
    issues.push({
      path: '--plan',
      message: `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    });
  }
  return undefined;
}

function checkRequired(flags: GateFlags, issues: InputIssue[]): void {
  if (given(flags.service) === undefined) issues.push({ path: '--service', message: 'is missing' });
  if (given(flags.environment) === undefined) issues.push({ path: '--environment', message: 'is missing' });
  if (given(flags.plan) !== undefined && given(flags.template) !== undefined) {
    issues.push({ path: '--plan', message: 'is given beside --template; give one of them' });
  }
}

function readChange(flags: GateFlags): StartAnalysis['change'] {
  return present({
    version: given(flags.changeVersion),
    commit: given(flags.commit),
    artifact: given(flags.artifact),
    url: given(flags.changeUrl),
    actor: given(flags.actor),
    kind: flags.kind,
    committedAt: given(flags.committedAt),
  });
}

function readWindow(
  flags: GateFlags,
): Pick<StartAnalysis, 'start' | 'end' | 'duration' | 'interval' | 'dryRun'> {
  const window = {
    start: given(flags.start),
    end: given(flags.end),
    duration: given(flags.duration),
    interval: given(flags.interval),
    dryRun: flags.dryRun,
  };
  return present(window) ?? {};
}

/**
 * Makes the request of the flags and, for address and token, the environment. What only the service can know (names,
 * durations, times) is left to it. Rejects with `invalid_input` naming every flag that is wrong.
 */
export async function readGateRequest(flags: GateFlags, io: Io): Promise<GateRequest> {
  const issues: InputIssue[] = [];
  checkRequired(flags, issues);
  const { url, token } = readAccess(flags, io.env, issues);
  const optional = present({
    target: given(flags.target),
    key: given(flags.key),
    template: given(flags.template),
    plan: await readPlan(given(flags.plan), issues),
    change: readChange(flags),
    canary: readScope('--canary', flags.canary, issues),
    baseline: readScope('--baseline', flags.baseline, issues),
  });
  if (issues.length > 0) throw invalidInput(issues);
  const body = {
    service: flags.service ?? '',
    environment: flags.environment ?? '',
    ...optional,
    ...readWindow(flags),
  };
  return { url, token, body };
}
