import { CsvError, type Parser, parse } from 'csv-parse';
import { invalidInput } from '../errors.ts';
import { type Bytes, decodeUtf8, type InputLine, longestLine, showBytes } from './backfill-input.ts';
import type { Field } from './record-fields.ts';

/** A row as it comes: cells as bytes, for a text that is no UTF-8 must be told and not mended. `end`: its last line. */
type Row = { readonly cells: readonly Buffer[]; readonly end: number };

/** Columns that may be: the fields, and one for each label. */
function allowedColumns(fields: readonly Field[]): string[] {
  return fields.map(({ path, shape }) => (shape === 'pairs' ? `${path}.<name>` : path));
}

function findField(column: string, fields: readonly Field[]): Field | undefined {
  return fields.find(
    ({ path, shape }) => column === path || (shape === 'pairs' && column.startsWith(`${path}.`)),
  );
}

/** Rejects a header with columns that are unknown, twice there, or missing, and names what is allowed. */
function checkHeader(columns: readonly string[], fields: readonly Field[]): void {
  const allowed = allowedColumns(fields).join(', ');
  const issues = columns.flatMap((column, index) => {
    if (findField(column, fields) === undefined)
      return [{ path: 'header', message: `found the column "${column}"; allowed are ${allowed}` }];
    return columns.indexOf(column) === index
      ? []
      : [{ path: 'header', message: `has the column "${column}" twice` }];
  });
  const missing = fields.filter(({ path, required }) => required === true && !columns.includes(path));
  for (const { path } of missing)
    issues.push({
      path: 'header',
      message: `lacks the column "${path}"; found are ${columns.join(', ') || 'none'}, allowed are ${allowed}`,
    });
  if (issues.length > 0) throw invalidInput(issues);
}

function put(body: Record<string, unknown>, column: string, value: unknown): void {
  const end = column.indexOf('.');
  if (end < 0) {
    body[column] = value;
    return;
  }
  const outer = column.slice(0, end);
  const inner = (body[outer] ?? {}) as Record<string, unknown>;
  inner[column.slice(end + 1)] = value;
  body[outer] = inner;
}

function readCell(text: string, field: Field | undefined): unknown {
  if (field?.shape !== 'list') return text;
  return text
    .split(';')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function readRow(
  cells: readonly Buffer[],
  columns: readonly string[],
  fields: readonly Field[],
  at: { readonly line: number; readonly end: number },
): InputLine {
  const refuse = (problem: string): InputLine => ({
    ...at,
    problem,
    text: cells.map(showBytes).join(','),
  });
  if (cells.length !== columns.length)
    return refuse(`has ${cells.length} cells; the header has ${columns.length} columns`);
  const body: Record<string, unknown> = {};
  for (const [index, cell] of cells.entries()) {
    const [column = '', text] = [columns[index], decodeUtf8(cell)];
    if (text === null) return refuse(`${column}: is no UTF-8`);
    if (text !== '') put(body, column, readCell(text, findField(column, fields)));
  }
  return { ...at, body };
}

/** The parser's own words show the cells as the bytes that they are here. */
const whyByCode: Readonly<Record<string, string>> = {
  INVALID_OPENING_QUOTE: 'has a quote within a cell that does not begin with one',
  CSV_INVALID_CLOSING_QUOTE: 'goes on after the closing quote of a cell; a quote within one is written twice',
};

/** Why the rest of the file cannot be read. */
function explain(error: CsvError): string {
  if (error.code === 'CSV_QUOTE_NOT_CLOSED')
    return 'is cut off: the input ends within a quoted cell that begins here or later';
  if (error.code === 'CSV_MAX_RECORD_SIZE')
    return `is longer than ${longestLine / 1024} KiB, or its quote is never closed; nothing after it was read`;
  const why = whyByCode[error.code] ?? error.message;
  return `${why}; nothing after it was read`;
}

/** A parser that gives its rows to `rows`, which an error does not take away as it does what a stream holds. */
function createParser(rows: Row[]): Parser {
  return parse({
    encoding: null,
    max_record_size: longestLine,
    record_delimiter: '\n',
    relax_column_count: true,
    skip_empty_lines: true,
    on_record: (cells: string[], { lines }) => {
      // Its types know no cells of bytes, which it gives without an encoding.
      rows.push({ cells: cells as unknown as Buffer[], end: lines });
      return null;
    },
  });
}

/** Gives a piece of the file to the parser, `null` its end; resolves with what it objects to. */
function feed(parser: Parser, piece: Uint8Array | null): Promise<Error | null> {
  return new Promise((resolve) => {
    parser.once('error', resolve);
    const done = (error?: Error | null): void => {
      parser.off('error', resolve);
      resolve(error ?? null);
    };
    if (piece === null) parser.end(done);
    else parser.write(piece, done);
  });
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** The bytes without the mark that some spreadsheets put before them. */
async function* withoutMark(source: Bytes): AsyncGenerator<Uint8Array> {
  let held: Buffer | null = Buffer.alloc(0);
  for await (const piece of source) {
    if (held === null) {
      yield piece;
      continue;
    }
    held = Buffer.concat([held, piece]);
    if (held.length < byteOrderMark.length) continue;
    yield held.subarray(held.indexOf(byteOrderMark) === 0 ? byteOrderMark.length : 0);
    held = null;
  }
  if (held !== null) yield held;
}

const [lineFeed, carriageReturn] = [0x0a, 0x0d];

/**
 * The bytes with each line end as a line feed, within cells too. Files are put together of others, and left to itself
 * the parser takes the first line end for that of all, and counts one of two bytes in a cell as two.
 */
async function* withLineFeeds(source: Bytes): AsyncGenerator<Uint8Array> {
  let isAfterReturn = false;
  for await (const piece of source) {
    const bytes = Buffer.alloc(piece.length);
    let length = 0;
    for (const byte of piece) {
      if (byte !== lineFeed || !isAfterReturn) {
        bytes[length] = byte === carriageReturn ? lineFeed : byte;
        length += 1;
      }
      isAfterReturn = byte === carriageReturn;
    }
    yield bytes.subarray(0, length);
  }
}

/** Rows as they come; at last the line after them and what was wrong there, if the rest cannot be read. */
async function* readRows(source: Bytes): AsyncGenerator<Row | { readonly error: CsvError }> {
  const rows: Row[] = [];
  const parser = createParser(rows);
  // An error is told to whoever feeds; one that comes later than that has been told.
  parser.on('error', () => {});
  const tell = function* (error: Error | null): Generator<Row | { readonly error: CsvError }> {
    yield* rows.splice(0);
    if (error instanceof CsvError) yield { error };
    else if (error !== null) throw error;
  };
  for await (const piece of withLineFeeds(withoutMark(source))) {
    const error = await feed(parser, piece);
    yield* tell(error);
    if (error !== null) return;
  }
  yield* tell(await feed(parser, null));
}

/**
 * The rows of CSV (RFC 4180, line ends of any kind, with or without a byte order mark) whose header names members of the API's bodies; empty
 * cells are absent, a list is parted by `;`, members of members are `labels.region` and `change.version`. Never holds
 * more than a piece of the file and its rows. Rejects with `invalid_input` when the header is wrong.
 */
export async function* readCsv(source: Bytes, fields: readonly Field[]): AsyncGenerator<InputLine> {
  let columns: string[] | null = null;
  let before = 0;
  for await (const row of readRows(source)) {
    const line = before + 1;
    if ('error' in row) {
      const problem = explain(row.error);
      if (columns === null) throw invalidInput([{ path: 'header', message: problem }]);
      yield { line, end: line, problem, text: '', endsInput: true };
    } else if (columns === null) {
      columns = row.cells.map((cell) => showBytes(cell).trim());
      checkHeader(columns, fields);
    } else {
      yield readRow(row.cells, columns, fields, { line, end: row.end });
    }
    if ('end' in row) before = row.end;
  }
  if (columns === null && before === 0) checkHeader([], fields);
}
