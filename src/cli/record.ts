import type { Command } from 'commander';
import type { components } from '../api/schema.gen.ts';
import type { InputIssue } from '../errors.ts';
import { given, readAccess } from './access.ts';
import { addAccess, durationOption } from './access-options.ts';
import { type Call, createCall, type Reply, type Unavailable } from './client.ts';
import { exitCodes } from './exit-codes.ts';
import type { Io } from './io.ts';
import { persist } from './persist.ts';
import { addFields, type Field, type Flags, readBody } from './record-fields.ts';
import { changeFields, incidentFields, outcomeFields } from './record-forms.ts';
import { oneLine } from './words.ts';

type Change = components['schemas']['Change'];
type Incident = components['schemas']['Incident'];

const longestCall = 10_000;

/** What there is to record: how it is asked for, and what is said of the answer. */
type Recording = {
  readonly fields: readonly Field[];
  /** Where the body goes. */
  readonly path: (flags: Flags, call: Call) => Promise<string | Exclude<Reply, { kind: 'answered' }>>;
  /** Whether it is answered with that; what stands before a service may answer 200 with something else. */
  readonly isRecorded: (body: unknown) => boolean;
  readonly describe: (body: unknown) => string;
};

function isChange(body: unknown): boolean {
  const { id, outcome } = (body ?? {}) as Partial<Change>;
  return typeof id === 'string' && typeof outcome === 'string';
}

function isIncident(body: unknown): boolean {
  const { id, attribution } = (body ?? {}) as Partial<Incident>;
  return typeof id === 'string' && typeof attribution?.method === 'string';
}

function describeChange(body: unknown): string {
  const { id, service, version, environment, outcome, failureClass } = body as Change;
  const became = failureClass === null ? outcome : `${outcome}, ${failureClass}`;
  return `change ${id}: ${service}${version === null ? '' : ` ${version}`} in ${environment}: ${became}`;
}

function describeIncident(body: unknown): string {
  const { id, service, status, attribution } = body as Incident;
  const place = service === null ? 'maps to no service' : `of ${service}`;
  const { changeId, method, confidence } = attribution;
  const put =
    changeId === null
      ? 'put to no change'
      : `put to change ${changeId} (${method}, confidence ${confidence})`;
  return `incident ${id} ${place}, ${status}: ${put}`;
}

const text = (flags: Flags, name: string): string | undefined => given(flags[name] as string | undefined);

const notOurs: Unavailable = {
  kind: 'unavailable',
  reason: "what answered 200 is not Serin, or something before it; give Serin's address as --url",
  retryAfter: null,
};

/** The change that a ruling is on: by id, or by what a source calls it. */
async function findRuled(flags: Flags, call: Call): ReturnType<Recording['path']> {
  const [id, source, externalId] = ['id', 'source', 'externalId'].map((name) => text(flags, name));
  if (id !== undefined) return `/v1/changes/${encodeURIComponent(id)}/outcome`;
  const service = text(flags, 'service');
  const query = new URLSearchParams({
    ...{ source: source ?? '', externalId: externalId ?? '' },
    // A caller whose token is bound to services may list the changes of those alone.
    ...(service === undefined ? {} : { service }),
  });
  const reply = await call({ path: `/v1/changes?${query}` }, longestCall);
  if (reply.kind !== 'answered') return reply;
  const { items } = (reply.body ?? {}) as { items?: readonly Change[] };
  if (!Array.isArray(items)) return notOurs;
  const [found] = items;
  if (found !== undefined) return `/v1/changes/${encodeURIComponent(found.id)}/outcome`;
  return { kind: 'refused', status: 404, reason: `no change is called "${externalId}" by ${source}` };
}

/** Either the id, or both names. */
function checkNamed(flags: Flags, issues: InputIssue[]): void {
  const [id, source, externalId] = ['id', 'source', 'externalId'].map((name) => text(flags, name));
  const named = source !== undefined && externalId !== undefined;
  const started = source !== undefined || externalId !== undefined;
  if (id !== undefined ? started : !named)
    issues.push({ path: '--id', message: 'give it, or both --source and --external-id, to name the change' });
}

const recordings = {
  change: {
    fields: changeFields,
    path: async () => '/v1/changes',
    isRecorded: isChange,
    describe: describeChange,
  },
  outcome: { fields: outcomeFields, path: findRuled, isRecorded: isChange, describe: describeChange },
  incident: {
    fields: incidentFields,
    path: async () => '/v1/incidents',
    isRecorded: isIncident,
    describe: describeIncident,
  },
} satisfies Record<string, Recording>;

async function send(
  { path, isRecorded }: Recording,
  flags: Flags,
  body: object,
  call: Call,
  deadlineMs: number,
): Promise<Reply> {
  const found = await path(flags, call);
  if (typeof found !== 'string') return found;
  const reply = await call({ method: 'POST', path: found, body }, deadlineMs);
  return reply.kind === 'answered' && !isRecorded(reply.body) ? notOurs : reply;
}

/**
 * Records one thing and says what came of it on stdout. Tries again through an outage for `--timeout`; recording is
 * safe to repeat. Resolves with the exit code: 0, 2 for what is refused, 5 without an answer.
 */
export async function runRecord(kind: keyof typeof recordings, flags: Flags, io: Io): Promise<number> {
  const recording: Recording = recordings[kind];
  const issues: InputIssue[] = [];
  const access = readAccess(flags as { url?: string; token?: string }, io.env, issues);
  if (kind === 'outcome') checkNamed(flags, issues);
  const body = readBody(recording.fields, flags, issues);
  const call = createCall(io.fetch, access);
  const deadline = io.now() + (flags['timeout'] as number);
  const tell = (reason: string): void => {
    io.stderr.write(`serin record: ${reason.split('\n').map(oneLine).join('\n  ')}\n`);
  };
  const reply = await persist<Reply>(
    (left) => send(recording, flags, body, call, Math.min(left, longestCall)),
    deadline,
    io,
    tell,
  );
  if (reply.kind === 'unavailable') return exitCodes.unavailable;
  if (reply.kind === 'refused') {
    tell(reply.reason);
    return exitCodes.usage;
  }
  const isJson = flags['json'] === true;
  io.stdout.write(
    `${isJson ? JSON.stringify(reply.body, null, 2) : oneLine(recording.describe(reply.body))}\n`,
  );
  return exitCodes.pass;
}

const about = {
  change: 'report a change, as POST /v1/changes does',
  outcome: 'say what became of a change; wins over everything else',
  incident: 'report an incident, as POST /v1/incidents does',
} as const;

function addRecording(record: Command, kind: keyof typeof recordings, io: Io): void {
  const command = addAccess(record.command(kind).description(about[kind]));
  if (kind === 'outcome')
    command
      .option('--id <id>', 'the change, by its id')
      .option('--source <name>', 'the change: who named it')
      .option('--external-id <id>', 'the change: what that source calls it')
      .option('--service <name>', 'the change: its service; with a token that is bound to services');
  addFields(command, recordings[kind].fields)
    .addOption(durationOption('--timeout <duration>', 'how long to try while the service is away', '1m'))
    .option('--json', 'print what was recorded as JSON on stdout')
    .action(async (flags: Flags) => io.exit(await runRecord(kind, flags, io)));
}

/** Adds `serin record change|outcome|incident`, which tell `io` their exit code. */
export function registerRecord(program: Command, io: Io): void {
  const record = program.command('record').description('put what happened into the ledger');
  for (const kind of ['change', 'outcome', 'incident'] as const) addRecording(record, kind, io);
}
