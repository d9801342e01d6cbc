import { SerinError } from '../errors.ts';
import { changeKinds, failureClasses, outcomes } from '../ledger/change.ts';
import type { Fact } from '../ledger/fact.ts';

/**
 * The facts of one place and week in one value: for each, sorted, a variable-length integer of its time since the
 * week's begin, a byte that says kind, outcome, class and which spans follow, and the spans. The same facts make the
 * same bytes. About ten bytes a change, and nothing is rounded.
 */

export const weekMs = 604_800_000;

/** When the week of an instant begins; weeks are counted from the Unix epoch, the same everywhere. */
export function weekOf(instant: number): number {
  return Math.floor(instant / weekMs) * weekMs;
}

const leadFlag = 64;
const recoveryFlag = 128;

function codeOf({ kind, outcome, failureClass, lead, recovery }: Fact): number {
  const failure = failureClass === null ? 0 : failureClasses.indexOf(failureClass) + 1;
  return (
    changeKinds.indexOf(kind) |
    (outcomes.indexOf(outcome) << 2) |
    (failure << 4) |
    (lead === null ? 0 : leadFlag) |
    (recovery === null ? 0 : recoveryFlag)
  );
}

/** An order in which only equal facts are equal. */
export function compareFacts(left: Fact, right: Fact): number {
  return (
    left.at - right.at ||
    codeOf(left) - codeOf(right) ||
    (left.lead ?? 0) - (right.lead ?? 0) ||
    (left.recovery ?? 0) - (right.recovery ?? 0)
  );
}

/** Seven bits a byte, the lowest first; whole numbers up to 2^53. */
function pushNumber(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

/** Packs the facts of the week that begins at `week`. */
export function packFacts(week: number, facts: readonly Fact[]): Buffer {
  const bytes: number[] = [];
  for (const fact of [...facts].sort(compareFacts)) {
    pushNumber(bytes, fact.at - week);
    bytes.push(codeOf(fact));
    if (fact.lead !== null) pushNumber(bytes, fact.lead);
    if (fact.recovery !== null) pushNumber(bytes, fact.recovery);
  }
  return Buffer.from(bytes);
}

function broken(): SerinError {
  return new SerinError(
    'internal',
    'a roll-up of changes cannot be read; build the roll-ups anew with `serin ledger rebuild`',
  );
}

/** The words of each code, for looking them up is quicker than making them. */
const words = Array.from({ length: 256 }, (_, code) => {
  const kind = changeKinds[code & 3];
  const outcome = outcomes[(code >> 2) & 3];
  const failureClass = failureClasses[((code >> 4) & 3) - 1] ?? null;
  return kind === undefined || outcome === undefined ? null : { kind, outcome, failureClass };
});

type Reader = { readonly bytes: Uint8Array; position: number };

function readNumber(reader: Reader): number {
  const { bytes } = reader;
  let [value, scale] = [0, 1];
  for (;;) {
    const byte = bytes[reader.position];
    if (byte === undefined || scale > 2 ** 53) throw broken();
    reader.position += 1;
    if (byte < 128) return value + byte * scale;
    value += (byte - 128) * scale;
    scale *= 128;
  }
}

function readFact(reader: Reader, week: number): Fact {
  const at = week + readNumber(reader);
  const code = reader.bytes[reader.position] ?? 255;
  reader.position += 1;
  const named = words[code];
  if (!named) throw broken();
  const { kind, outcome, failureClass } = named;
  const lead = (code & leadFlag) === 0 ? null : readNumber(reader);
  const recovery = (code & recoveryFlag) === 0 ? null : readNumber(reader);
  return { at, kind, outcome, failureClass, lead, recovery };
}

/** Reads what `packFacts` wrote; rejects with `internal` what it cannot have written. */
export function unpackFacts(week: number, bytes: Uint8Array): Fact[] {
  const facts: Fact[] = [];
  const reader = { bytes, position: 0 };
  while (reader.position < bytes.length) facts.push(readFact(reader, week));
  return facts;
}
