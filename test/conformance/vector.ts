/** One answer of Kayenta: what was asked, and what its own classes or tests say. */
export type Vector = {
  readonly id: string;
  readonly kind: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly expected: Readonly<Record<string, unknown>>;
  /** Absolute, by key of `expected`, `*` for all; else only rounding may differ. */
  readonly tolerance?: Readonly<Record<string, number>>;
  /** Why an answer is another one each time; only its classification can then be compared. */
  readonly nondeterministic?: string;
  readonly sameInputAs?: string;
};

/** JSON knows no NaN and no Infinity: they are written as texts. */
export function readVectors(text: string): readonly Vector[] {
  const words: Readonly<Record<string, number>> = {
    NaN: Number.NaN,
    Infinity: Number.POSITIVE_INFINITY,
    '-Infinity': Number.NEGATIVE_INFINITY,
  };
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === 'string' ? (words[value] ?? value) : value,
  );
}

const rounding = 1e-12;

function isSame(actual: unknown, expected: unknown, tolerance: number): boolean {
  if (typeof expected !== 'number') return JSON.stringify(actual) === JSON.stringify(expected);
  // What Kayenta calls NaN is unknown to us, and unknown is null.
  if (Number.isNaN(expected)) return actual === null;
  return (
    typeof actual === 'number' && Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected))
  );
}

/** Every value by its path, `results[0].ratio`. */
function flatten(value: unknown, path = ''): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, one]) =>
    flatten(one, Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`),
  );
}

/** What Kayenta said and we do not, as sentences; empty where both agree. What only we say is not compared. */
export function differences(actual: unknown, vector: Vector): readonly string[] {
  const ours = new Map(flatten(actual));
  const tolerances = vector.tolerance ?? {};
  return flatten(vector.expected).flatMap(([path, expected]) =>
    isSame(ours.get(path), expected, tolerances[path] ?? tolerances['*'] ?? rounding)
      ? []
      : [`${path}: ${JSON.stringify(ours.get(path))} is not ${String(expected)}`],
  );
}
