import { createHash } from 'node:crypto';
import { type Analysis, createClient, type StartAnalysis } from '../../src/cli/client.ts';
import { type Ending, exitCodes } from '../../src/cli/exit-codes.ts';
import { endingOf } from '../../src/cli/gate-ending.ts';
import { readGateRequest } from '../../src/cli/gate-request.ts';
import { type Waited, waitForVerdict } from '../../src/cli/gate-wait.ts';
import type { Io } from '../../src/cli/io.ts';
import { createProgress } from '../../src/cli/progress.ts';
import { oneLine, writePage, writeSubject } from '../../src/cli/words.ts';
import { SerinError } from '../../src/errors.ts';
import { type CommentSubject, commentOnPullRequest, mostCommentBytes } from './comment.ts';
import { type Credential, createCredential, noCredential, readClaims } from './credential.ts';
import { type Inputs, nameInputs, readInputs } from './inputs.ts';
import type { Runner } from './runner.ts';
import { type Told, writeJobSummary } from './summary.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Everything the action touches outside itself but files. */
export type Outside = {
  readonly env: Environment;
  readonly runner: Runner;
  readonly fetch: typeof globalThis.fetch;
  readonly readFile: (path: string) => string;
  readonly now: () => number;
  readonly sleep: Io['sleep'];
};

/** Outputs of a job may hold 1 MB in all, so that one step must not fill it. */
const longestResult = 400_000;

function makeIo({ env, runner, fetch, now, sleep }: Outside): Io {
  const output = { write: (text: string) => runner.write(text) };
  return { env, stdout: output, stderr: output, isTTY: false, fetch, now, sleep, exit: () => {} };
}

/** Each call carries the token of its moment, for an analysis outlives any of them. */
function authorised(fetch: Outside['fetch'], credential: Credential): Outside['fetch'] {
  return async (input, init) => {
    const token = await credential.current();
    const headers = new Headers(init?.headers);
    if (token !== null) headers.set('authorization', `Bearer ${token}`);
    return fetch(input, { ...init, headers });
  };
}

/** Left out, the environment is that of the job, which only its token tells. */
async function addEnvironment(inputs: Inputs, credential: Credential): Promise<Inputs> {
  const { flags } = inputs;
  if (flags.environment !== undefined || credential.kind !== 'oidc') return inputs;
  const { environment } = readClaims((await credential.current()) ?? '');
  return typeof environment === 'string' ? { ...inputs, flags: { ...flags, environment } } : inputs;
}

/**
 * A key of this step in this attempt of the run, for these inputs: repeating a call joins, while a job that is run
 * again is judged again. `undefined` outside of a run.
 */
function keyOf(body: StartAnalysis, env: Environment): string | undefined {
  const names = ['REPOSITORY', 'RUN_ID', 'RUN_ATTEMPT', 'JOB', 'ACTION'] as const;
  const parts = names.map((name) => env[`GITHUB_${name}`]);
  if (parts.some((part) => part === undefined || part === '')) return undefined;
  const digest = createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 12);
  return ['github', ...parts, digest].join('/');
}

function tellOf(waited: Waited, credential: Credential): Told {
  if (waited.ending === 'verdict') return waited.analysis;
  if (waited.ending === 'timeout')
    return { verdict: 'timeout', reason: 'no verdict within the timeout; the analysis goes on' };
  if (waited.ending === 'unavailable') return { verdict: 'unavailable', reason: waited.reason };
  const hint = credential.kind === 'none' ? `\n${noCredential}` : '';
  return { verdict: 'refused', reason: `${waited.reason}${hint}` };
}

/** The analysis, without its findings when they would be too much for an output. */
function writeResult(analysis: Analysis | null): string {
  if (analysis === null) return '';
  const whole = JSON.stringify(analysis);
  return whole.length <= longestResult ? whole : JSON.stringify({ ...analysis, findings: [] });
}

function annotate(told: Told, ending: Ending, warns: boolean, subject: string, runner: Runner): void {
  const lines = told.reason.split('\n').map(oneLine).join('\n');
  const title = `Serin: ${told.verdict}${subject === '' ? '' : ` for ${subject}`}`;
  if (ending !== 'pass') runner.annotate('error', title, lines);
  else if (told.verdict !== 'pass' && (warns || told.verdict === 'unavailable'))
    runner.annotate('warning', title, lines);
}

type Result = {
  readonly told: Told;
  readonly ending: Ending;
  readonly analysis: Analysis | null;
  readonly url: string;
  readonly warns: boolean;
  readonly comment: (CommentSubject & { readonly token: string | undefined }) | null;
};

function report({ told, ending, analysis, url, warns }: Result, runner: Runner): number {
  runner.output('verdict', told.verdict);
  runner.output('reason', oneLine(told.reason));
  runner.output('analysis-id', analysis?.id ?? '');
  runner.output('report-url', analysis === null ? '' : writePage(analysis, url));
  runner.output('result-json', writeResult(analysis));
  runner.summarise(writeJobSummary(told, analysis, url));
  runner.write(`${told.verdict}: ${told.reason.split('\n').map(oneLine).join('\n  ')}\n`);
  annotate(told, ending, warns, analysis === null ? '' : writeSubject(analysis), runner);
  return exitCodes[ending];
}

function subjectOf({ service, environment, target }: StartAnalysis): CommentSubject {
  return { service, environment, target };
}

async function gate(outside: Outside): Promise<Result> {
  const { env, runner, now, sleep } = outside;
  const read = readInputs(env);
  const { token, ...rest } = read.flags;
  const mask = (secret: string): void => runner.mask(secret);
  const credential = createCredential(token, read.audience, { env, fetch: outside.fetch, now, sleep, mask });
  const inputs = await addEnvironment({ ...read, flags: rest }, credential);
  const io = makeIo({ ...outside, env: {}, fetch: authorised(outside.fetch, credential) });
  const { url, body } = await readGateRequest(inputs.flags, io);
  const key = body.key ?? keyOf(body, env);
  const progress = createProgress(io, url);
  const waited = await waitForVerdict(
    createClient(io.fetch, { url, token: null }),
    key === undefined ? body : { ...body, key },
    { ...inputs.flags, poll: inputs.poll },
    io,
    progress.tell,
  ).finally(progress.stop);
  return {
    told: tellOf(waited, credential),
    ending: endingOf(waited, inputs.flags),
    analysis: waited.ending === 'refused' ? null : waited.analysis,
    url,
    warns: inputs.warns,
    comment: read.comment === null ? null : { ...read.comment, ...subjectOf(body) },
  };
}

/** Wrong input is told by the names of the inputs; anything unforeseen is no verdict, and never passes. */
function resultOf(error: unknown): Result {
  const common = { analysis: null, url: '', warns: false, comment: null };
  if (error instanceof SerinError && error.code !== 'internal')
    return { ...common, told: { verdict: 'refused', reason: nameInputs(error).message }, ending: 'usage' };
  const reason = error instanceof Error ? error.message : String(error);
  return { ...common, told: { verdict: 'unavailable', reason }, ending: 'unavailable' };
}

async function comment({ told, analysis, url, comment: asked }: Result, outside: Outside): Promise<void> {
  if (asked === null) return;
  const markdown = writeJobSummary(told, analysis, url, mostCommentBytes);
  await commentOnPullRequest(outside, asked.token, asked, markdown);
}

/** Runs the step: starts or joins an analysis, waits, and tells the runner. Resolves with the exit code of `serin gate`. */
export async function runAction(outside: Outside): Promise<number> {
  const result = await gate(outside).catch(resultOf);
  await comment(result, outside);
  return report(result, outside.runner);
}
