import { invalidInput, SerinError } from '../errors.ts';

type DatabaseFailure = Error & { readonly code?: unknown };

/** The socket's ways of saying that nobody is there. */
const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Failures that the drivers and the pool report without a code. */
const messages =
  /Unable to acquire a connection|Timeout acquiring a connection|Connection terminated|Connection ended|timeout expired|Query read timeout|not queryable|^aborted$|(Database|Database handle) is closed/i;

/** SQLite's: the file is locked, away, full, read-only or damaged. `SQLITE_MISUSE` is a handle closed under us. */
const sqliteCodes =
  /^SQLITE_(BUSY|LOCKED|IOERR|CANTOPEN|FULL|READONLY|NOTADB|CORRUPT|PROTOCOL|PERM|NOMEM|MISUSE)/;

/**
 * PostgreSQL's classes (https://www.postgresql.org/docs/current/errcodes-appendix.html): 08 connection, 28 login,
 * 3D no such database, 40 transaction given up, 53 out of resources, 57 stopped by an operator or a timeout,
 * 58 system error, XX damage; 25006 a read-only replica, 55P03 a lock not had.
 */
const sqlStates = /^(08...|28...|3D000|40001|40P01|53...|57...|58...|XX...|25006|55P03)$/;

/** Another try of the whole transaction may succeed: it lost against another transaction. */
const lostRace = /^(40001|40P01|SQLITE_BUSY)$/;

/** PostgreSQL cannot store NUL in text (22021, 22P05), nor more than some 2 KB in an index (54000). */
const unstorableText = /^(22021|22P05|54000)$/;

/** The one error for "the database is away or cannot take it now". `why` holds no credentials. */
export function unavailable(why: string, cause: unknown): SerinError {
  return new SerinError('store_unavailable', `The database is not available: ${why}.`, { cause });
}

/** True when the transaction may be tried once more. */
export function isLostRace(error: unknown): boolean {
  return lostRace.test(codeOf(error));
}

/** Names a failure of the database; what is no such failure (a broken statement, a SerinError) is given back as it is. */
export function nameFailure(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof SerinError) return error;
  const code = codeOf(error);
  if (unstorableText.test(code)) {
    return invalidInput([
      { path: '', message: 'a text holds NUL or is too long; the database cannot store it' },
    ]);
  }
  if (networkCodes.has(code) || sqliteCodes.test(code) || sqlStates.test(code))
    return unavailable(code, error);
  if (error.name === 'KnexTimeoutError') return unavailable('no connection became free in time', error);
  return messages.test(error.message)
    ? unavailable('the connection was lost or could not be made', error)
    : error;
}

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as DatabaseFailure).code : undefined;
  return typeof code === 'string' ? code : '';
}
