import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../duration.ts';
import { invalidInput } from '../errors.ts';
import { exitCodes } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { OpenTokens, Token, TokenAccess, TokenOrder } from './token-access.ts';
import { createHttpTokens } from './token-http.ts';
import { oneLine } from './words.ts';

type AccessFlags = { readonly url?: string; readonly token?: string };
type CreateFlags = AccessFlags & {
  readonly role: TokenOrder['roles'];
  readonly name: string;
  readonly service?: string[];
  readonly expires?: string;
};

const usualUrl = 'http://127.0.0.1:8080';

function given(value: string | undefined): string | null {
  return value === undefined || value === '' ? null : value;
}

function checkUrl(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url.replace(/\/+$/, '');
  throw invalidInput([{ path: '--url', message: `found "${url}"; allowed is an http or https address` }]);
}

/**
 * Over HTTP with `--url`, or with SERIN_URL where no database is named; else directly on the database, so that the
 * first token can be made where the database is, with or without a service running.
 */
function openAccess(flags: AccessFlags, io: Io, openDirect: OpenTokens): Promise<TokenAccess> {
  const { env } = io;
  const fallback = given(env['SERIN_DATABASE_URL']) === null ? given(env['SERIN_URL']) : null;
  const url = given(flags.url) ?? fallback;
  if (url === null) return openDirect();
  const token = given(flags.token) ?? given(env['SERIN_TOKEN']);
  return Promise.resolve(createHttpTokens(io.fetch, checkUrl(url), token));
}

async function using<T>(
  flags: AccessFlags,
  io: Io,
  openDirect: OpenTokens,
  work: (tokens: TokenAccess) => Promise<T>,
): Promise<void> {
  const tokens = await openAccess(flags, io, openDirect);
  try {
    await work(tokens);
    io.exit(exitCodes.pass);
  } finally {
    await tokens.close();
  }
}

function stateOf({ revokedAt, expiresAt }: Token, now: number): string {
  if (revokedAt !== null) return `revoked ${revokedAt}`;
  if (expiresAt === null) return 'valid';
  return `${Date.parse(expiresAt) <= now ? 'expired' : 'valid until'} ${expiresAt}`;
}

/** A token on one line for people: name, roles, services, state, last use, id. */
function writeLine(token: Token, now: number): string {
  const services = token.services === null ? 'all services' : token.services.join(',');
  const used = token.lastUsedAt === null ? 'never used' : `used ${token.lastUsedAt}`;
  return oneLine(
    [token.name, token.roles.join(','), services, stateOf(token, now), used, token.id].join('  '),
  );
}

function duration(text: string): string {
  const milliseconds = parseDuration(text);
  if (milliseconds !== null && milliseconds > 0) return text;
  throw new InvalidArgumentError('Allowed are durations such as 12h, 90d.');
}

function addAccess(command: Command): Command {
  return command
    .option('--url <url>', `act on a running service (such as ${usualUrl}) instead of the database`)
    .option('--token <token>', 'token of an admin, with --url (default: $SERIN_TOKEN)');
}

function addCreate(token: Command, io: Io, openDirect: OpenTokens): void {
  const role = new Option('--role <role>', 'read, record, gate or admin; several by saying it again')
    .choices(['read', 'record', 'gate', 'admin'])
    .makeOptionMandatory()
    .argParser<string[]>((value, before) => [...(Array.isArray(before) ? before : []), checkRole(value)]);
  addAccess(token.command('create'))
    .description('hand out a token; it is printed once, alone on the last line')
    .addOption(role)
    .requiredOption('--name <name>', 'what logs and the audit trail call its holder')
    .option('--service <name...>', 'bind it to services (default: all)')
    .option('--expires <duration>', 'valid so long, such as 90d (default: until revoked)', duration)
    .action((flags: CreateFlags) =>
      using(flags, io, openDirect, async (tokens) => {
        const { role: roles, name, service, expires } = flags;
        const made = await tokens.create({
          name,
          roles,
          ...(service === undefined ? {} : { services: service }),
          ...(expires === undefined ? {} : { expires }),
        });
        io.stderr.write(`${writeLine(made, io.now())}\nKeep it safe: it is shown this once.\n`);
        io.stdout.write(`${made.token}\n`);
      }),
    );
}

function checkRole(value: string): string {
  if (['read', 'record', 'gate', 'admin'].includes(value)) return value;
  throw new InvalidArgumentError('Allowed are read, record, gate, admin.');
}

/** Adds `serin token create|list|revoke`. */
export function registerToken(program: Command, io: Io, openDirect: OpenTokens): void {
  const token = program.command('token').description('hand out, list and take back tokens');
  addCreate(token, io, openDirect);
  addAccess(token.command('list'))
    .description('all tokens, revoked and expired ones too, without their secrets')
    .option('--json', 'as JSON')
    .action((flags: AccessFlags & { readonly json?: boolean }) =>
      using(flags, io, openDirect, async (tokens) => {
        const all = await tokens.list();
        if (flags.json === true) io.stdout.write(`${JSON.stringify({ items: all })}\n`);
        else for (const one of all) io.stdout.write(`${writeLine(one, io.now())}\n`);
      }),
    );
  addAccess(token.command('revoke'))
    .description('take a token back; running services refuse it within seconds')
    .argument('<name-or-id>', 'the token')
    .action((nameOrId: string, flags: AccessFlags) =>
      using(flags, io, openDirect, async (tokens) => {
        io.stderr.write(`${writeLine(await tokens.revoke(nameOrId), io.now())}\n`);
      }),
    );
}
