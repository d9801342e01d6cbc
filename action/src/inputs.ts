import type { GateFlags } from '../../src/cli/gate-options.ts';
import { parseDuration } from '../../src/duration-text.ts';
import { type InputIssue, invalidInput, SerinError } from '../../src/errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const choices = { fail: 'fail', pass: 'pass', warn: 'pass' } as const;

/** What the step was given: flags as `serin gate` knows them, and what only the action knows. */
export type Inputs = {
  readonly flags: GateFlags & { readonly url: string };
  /** An inconclusive verdict passes with a warning. */
  readonly warns: boolean;
  /** For how long the service may hold an answer, milliseconds. */
  readonly poll: number;
  /** Audience of the OIDC token. */
  readonly audience: string;
  /** Whether the verdict is told in the pull request, and with which token of GitHub; `null`: it is not. */
  readonly comment: { readonly token: string | undefined } | null;
};

/** The runner hands an input over as `INPUT_<NAME>`, upper case, with hyphens kept. Blank counts as absent. */
function inputOf(env: Environment, name: string): string | undefined {
  const value = env[`INPUT_${name.toUpperCase()}`]?.trim();
  return value === '' ? undefined : value;
}

const longestPoll = 60_000;

function readTime(env: Environment, name: string, fallback: string, issues: InputIssue[]): number {
  const text = inputOf(env, name) ?? fallback;
  const milliseconds = parseDuration(/^\d+(\.\d+)?$/.test(text) ? `${text}s` : text);
  if (milliseconds !== null && milliseconds > 0) return milliseconds;
  issues.push({
    path: name,
    message: `found "${text}"; allowed are seconds, or durations such as 30s, 15m, 2h`,
  });
  return 1000;
}

function readWord<Word extends string>(
  env: Environment,
  name: string,
  allowed: readonly Word[],
  issues: InputIssue[],
): Word | undefined {
  const text = inputOf(env, name);
  const word = allowed.find((one) => one === text);
  if (text !== undefined && word === undefined)
    issues.push({ path: name, message: `found "${text}"; allowed are ${allowed.join(', ')}` });
  return word;
}

function readBoolean(env: Environment, name: string, issues: InputIssue[]): boolean {
  const text = inputOf(env, name) ?? 'false';
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  issues.push({ path: name, message: `found "${text}"; allowed are true, false` });
  return false;
}

function readLines(env: Environment, name: string): string[] | undefined {
  return inputOf(env, name)
    ?.split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function present<T extends object>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;
}

/** What the runner knows of the change by itself. */
function readSurroundings(env: Environment): { changeUrl?: string; actor?: string } {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = env;
  const changeUrl = server && repository && run ? `${server}/${repository}/actions/runs/${run}` : undefined;
  return present({ changeUrl, actor: env['GITHUB_ACTOR'] || undefined });
}

function readTexts(env: Environment) {
  return present({
    service: inputOf(env, 'service'),
    environment: inputOf(env, 'environment'),
    target: inputOf(env, 'target'),
    key: inputOf(env, 'key'),
    template: inputOf(env, 'template'),
    plan: inputOf(env, 'plan'),
    changeVersion: inputOf(env, 'version'),
    commit: inputOf(env, 'commit'),
    artifact: inputOf(env, 'artifact'),
    canary: readLines(env, 'canary'),
    baseline: readLines(env, 'baseline'),
    duration: inputOf(env, 'duration'),
    interval: inputOf(env, 'interval'),
    token: inputOf(env, 'token'),
  });
}

function readPoll(env: Environment, issues: InputIssue[]): number {
  const poll = readTime(env, 'poll-interval', '15', issues);
  if (poll > longestPoll) issues.push({ path: 'poll-interval', message: 'is longer than 60 seconds' });
  return poll;
}

/** The runner does not enforce `required`. */
function checkRequired(env: Environment, issues: InputIssue[]): void {
  for (const name of ['url', 'service'])
    if (inputOf(env, name) === undefined) issues.push({ path: name, message: 'is missing' });
}

/**
 * Reads the inputs of the step; all of them are text. What only the service can know is left to it. Rejects with
 * `invalid_input` naming every input that is wrong.
 */
export function readInputs(env: Environment): Inputs {
  const issues: InputIssue[] = [];
  checkRequired(env, issues);
  const url = inputOf(env, 'url') ?? '';
  const undecided = readWord(env, 'on-inconclusive', ['fail', 'pass', 'warn'], issues) ?? 'fail';
  const kind = readWord(env, 'kind', ['normal', 'rollback', 'hotfix'], issues);
  const flags = {
    ...readTexts(env),
    ...readSurroundings(env),
    ...present({ kind }),
    url,
    dryRun: readBoolean(env, 'dry-run', issues),
    timeout: readTime(env, 'timeout', '3600', issues),
    connectTimeout: readTime(env, 'connect-timeout', '60', issues),
    onInconclusive: choices[undecided],
    onUnavailable: readWord(env, 'on-unavailable', ['fail', 'pass'], issues) ?? 'fail',
  };
  const poll = readPoll(env, issues);
  const token = inputOf(env, 'github-token');
  const comment = readBoolean(env, 'comment-pr', issues) ? { token } : null;
  if (issues.length > 0) throw invalidInput(issues);
  const origin = URL.canParse(url) ? new URL(url).origin : url;
  const audience = inputOf(env, 'audience') ?? origin;
  return { flags, warns: undecided === 'warn', poll, audience, comment };
}

/** The names of inputs where a message of `serin gate` names its flags. */
export function nameInputs(error: SerinError): SerinError {
  const rename = (text: string): string =>
    text.replaceAll('--change-version', 'version').replace(/--(?=[a-z])/g, '');
  return new SerinError(error.code, rename(error.message), {
    issues: error.issues.map(({ path, message }) => ({ path: rename(path), message: rename(message) })),
  });
}
