import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { invalidInput, SerinError } from '../errors.ts';
import { given } from './access.ts';
import { addSendOptions, type SendFlags, sendLines } from './backfill.ts';
import { exitCodeOf } from './backfill-ending.ts';
import type { InputLine } from './backfill-input.ts';
import type { Finish } from './backfill-run.ts';
import { createGithub, type Github } from './github-client.ts';
import { type Deployment, type DeploymentStatus, type Origin, readDeployment } from './github-deployments.ts';
import type { Io } from './io.ts';
import { oneLine } from './words.ts';

type GithubFlags = SendFlags & {
  readonly repository: string;
  readonly environment?: string;
  readonly service?: string;
  readonly since?: string;
  readonly githubUrl: string;
  readonly state?: string;
};

/** Where a backfill that ended early goes on: deployments come newest first, and those from this id on are done. */
type State = { readonly repository: string; readonly environment: string | null; readonly doneFrom: number };

function checkFlags({ repository, since, githubUrl }: GithubFlags): void {
  const issues = [];
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
    issues.push({ path: '--repository', message: `found "${repository}"; allowed is owner/name` });
  if (since !== undefined && Number.isNaN(Date.parse(since)))
    issues.push({ path: '--since', message: `found "${since}"; allowed are dates such as 2026-01-01` });
  if (!URL.canParse(githubUrl) || !/^https?:/.test(githubUrl))
    issues.push({ path: '--github-url', message: 'is not an address; allowed are http://… and https://…' });
  if (issues.length > 0) throw invalidInput(issues);
}

/** `null`: it was not written here. */
function parseState(text: string): State | null {
  try {
    const state = JSON.parse(text) as Partial<State> | null;
    return typeof state?.repository === 'string' && Number.isSafeInteger(state.doneFrom)
      ? (state as State)
      : null;
  } catch {
    return null;
  }
}

async function readState(path: string | null, flags: GithubFlags): Promise<State | null> {
  if (path === null) return null;
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw invalidInput([{ path: '--state', message: `${path} cannot be read: ${error.message}` }]);
  });
  if (text === null) return null;
  const state = parseState(text);
  if (state === null)
    throw invalidInput([
      { path: '--state', message: `${path} is no state of a backfill; name another file` },
    ]);
  if (state.repository === flags.repository && state.environment === (flags.environment ?? null))
    return state;
  throw invalidInput([
    {
      path: '--state',
      message: `${path} is of ${state.repository}, ${state.environment ?? 'all environments'}; name another file`,
    },
  ]);
}

/** Written beside and moved, so that an end in between leaves the old one. */
async function writeState(path: string, state: State): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(state));
  await rename(`${path}.new`, path);
}

async function* listDeployments(
  github: Github,
  { repository, environment, since }: GithubFlags,
): AsyncGenerator<Deployment> {
  const query = new URLSearchParams({ per_page: '100', ...(environment ? { environment } : {}) });
  const earliest = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since);
  for await (const page of github.pages(`/repos/${repository}/deployments?${query}`))
    for (const deployment of page as Deployment[]) {
      if (Date.parse(deployment.created_at) < earliest) return;
      yield deployment;
    }
}

async function statusesOf(
  github: Github,
  repository: string,
  { id }: Deployment,
): Promise<DeploymentStatus[]> {
  const statuses: DeploymentStatus[] = [];
  for await (const page of github.pages(`/repos/${repository}/deployments/${id}/statuses?per_page=100`))
    statuses.push(...(page as DeploymentStatus[]));
  return statuses;
}

/** Deployments as lines to send; `ids` holds which deployment ends with which line, until it is asked for. */
async function* readLines(
  github: Github,
  flags: GithubFlags,
  state: State | null,
  ids: Map<number, number>,
): AsyncGenerator<InputLine> {
  const { id: repositoryId } = (await github.get(`/repos/${flags.repository}`)) as { id: number };
  const [, otherwise = ''] = flags.repository.split('/');
  const origin: Origin = { repositoryId, service: given(flags.service) ?? null, otherwise };
  let line = 0;
  for await (const deployment of listDeployments(github, flags)) {
    if (state !== null && deployment.id >= state.doneFrom) continue;
    const statuses = await statusesOf(github, flags.repository, deployment);
    for (const body of readDeployment(deployment, statuses, origin)) {
      line += 1;
      yield { line, end: line, body };
    }
    ids.set(line, deployment.id);
  }
}

/** The last deployment that is wholly among the lines up to this one; those before are forgotten. */
function lastWhole(ids: Map<number, number>, through: number): number | null {
  let last: number | null = null;
  for (const [line, id] of ids) {
    if (line > through) break;
    last = id;
    ids.delete(line);
  }
  return last;
}

/** The lines up to where GitHub stopped answering, and why it did. */
async function* untilRefused(
  lines: AsyncIterable<InputLine>,
  refusal: { error: SerinError | null },
): AsyncGenerator<InputLine> {
  try {
    yield* lines;
  } catch (error) {
    if (!(error instanceof SerinError)) throw error;
    refusal.error = error;
  }
}

/** How a backfill ended whose deployments GitHub stopped telling. */
function cutOffBy(error: SerinError | null): Pick<Finish, 'ending' | 'reason'> | null {
  if (error === null) return null;
  return { ending: error.code === 'overloaded' ? 'unavailable' : 'refused', reason: error.message };
}

/**
 * Sends the deployments of a repository, newest first. Resolves with the exit code. What was read before GitHub
 * refused or went away is sent all the same.
 */
export async function runGithub(flags: GithubFlags, io: Io): Promise<number> {
  checkFlags(flags);
  const path = given(flags.state) ?? null;
  const state = await readState(path, flags);
  const tell = (text: string): void => void io.stderr.write(`serin backfill: ${oneLine(text)}\n`);
  const access = { url: flags.githubUrl.replace(/\/+$/, ''), token: given(io.env['GITHUB_TOKEN']) ?? null };
  const ids = new Map<number, number>();
  const refusal: { error: SerinError | null } = { error: null };
  const stop = io.interrupted?.() ?? new AbortController().signal;
  const github = createGithub(access, io, tell, stop);
  const lines = untilRefused(readLines(github, flags, state, ids), refusal);
  const { repository, environment = null } = flags;
  const finish = await sendLines(
    lines,
    flags,
    {
      ...{ kind: 'change', skipLines: 0, isResumed: state !== null },
      again: () =>
        path === null
          ? 'begin again; what is in stays as it is'
          : `run it again with --state ${path} to go on there`,
      done: async (through) => {
        const doneFrom = lastWhole(ids, through);
        if (path !== null && doneFrom !== null && flags.dryRun !== true)
          await writeState(path, { repository, environment, doneFrom });
      },
      cutOff: () => cutOffBy(refusal.error),
    },
    { ...io, interrupted: () => stop },
  );
  if (path !== null && finish.ending === 'done' && flags.dryRun !== true) await rm(path, { force: true });
  return exitCodeOf(finish);
}

/** Adds `serin backfill github` below `serin backfill`. */
export function addGithubBackfill(backfill: Command, io: Io): void {
  addSendOptions(
    backfill.command('github').description('from the deployments of a GitHub repository; reads GITHUB_TOKEN'),
  )
    .requiredOption('--repository <owner/name>', 'the repository')
    .option('--environment <name>', 'only deployments to it (default: all)')
    .option(
      '--service <name>',
      'the service that is deployed (default: what a deployment names, else the repository)',
    )
    .option('--since <date>', 'only deployments made since then')
    .option('--github-url <url>', 'where the API of GitHub is', 'https://api.github.com')
    .option('--state <file>', 'keeps how far it came, and goes on there')
    .action(async (flags: GithubFlags) => io.exit(await runGithub(flags, io)));
}
