import { type InputIssue, invalidInput } from '../../errors.ts';

/** The least and the most a number may be; `above` where the least itself is not allowed. */
export type Range = { readonly least: number; readonly most?: number; readonly above?: boolean };

type Fields = Readonly<Record<string, unknown>>;

/** A place within an input, and what is there. */
export type Place = { readonly path: string; readonly value: unknown };

/** The place of a key or an index below another. */
export function below({ path }: Place, fields: Fields, key: string): Place {
  return { path: path === '' ? key : `${path}.${key}`, value: fields[key] };
}

function writeFound(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function writeRange({ least, most, above }: Range): string {
  const from = above === true ? `a number above ${least}` : `a number of at least ${least}`;
  return most === undefined ? from : `${from} and at most ${most}`;
}

function isWithin(value: number, { least, most = Number.MAX_VALUE, above }: Range): boolean {
  return value <= most && (above === true ? value > least : value >= least);
}

const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null;

/**
 * Reads an input piece by piece and collects what is wrong with it: a place that is absent gives the default, one that
 * is wrong gives it too and adds an issue.
 */
export class Reader {
  readonly #issues: InputIssue[] = [];

  /** Notes something wrong at a place. */
  refuse({ path }: Pick<Place, 'path'>, message: string): void {
    this.#issues.push({ path, message });
  }

  #refuseValue(place: Place, allowed: string): void {
    const found = isAbsent(place.value) ? 'is missing' : `found ${writeFound(place.value)}`;
    this.refuse(place, `${found}; ${allowed}`);
  }

  /** An object without any keys but those allowed; an empty one where it is absent. */
  fields(place: Place, allowed: readonly string[] | null): Fields {
    if (isAbsent(place.value)) return {};
    if (typeof place.value !== 'object' || Array.isArray(place.value)) {
      this.#refuseValue(place, 'needed is an object');
      return {};
    }
    const fields: Fields = { ...place.value };
    for (const key of Object.keys(fields)) {
      if (allowed !== null && !allowed.includes(key))
        this.refuse(below(place, fields, key), `is no known key; allowed are ${allowed.join(', ')}`);
    }
    return fields;
  }

  /** The items of a list, each with its place; none where it is absent. */
  items(place: Place): readonly Place[] {
    if (isAbsent(place.value)) return [];
    if (Array.isArray(place.value))
      return place.value.map((value: unknown, index) => ({ path: `${place.path}[${index}]`, value }));
    this.#refuseValue(place, 'needed is a list');
    return [];
  }

  /** One of some words. */
  word<Word extends string>(place: Place, allowed: readonly Word[], absent: Word): Word {
    if (isAbsent(place.value)) return absent;
    const word = allowed.find((one) => one === place.value);
    if (word === undefined) this.#refuseValue(place, `allowed are ${allowed.join(', ')}`);
    return word ?? absent;
  }

  /** True or false. */
  flag(place: Place): boolean {
    if (isAbsent(place.value) || typeof place.value === 'boolean') return place.value ?? false;
    this.#refuseValue(place, 'allowed are true and false');
    return false;
  }

  /** A number within a range; one that must be there has no value for its absence. */
  number(place: Place, range: Range, absent?: number): number {
    const { value } = place;
    if (absent !== undefined && isAbsent(value)) return absent;
    if (typeof value === 'number' && isWithin(value, range)) return value;
    this.#refuseValue(place, `needed is ${writeRange(range)}`);
    return absent ?? range.least;
  }

  /** A text that is not empty. */
  text(place: Place): string {
    if (typeof place.value === 'string' && place.value !== '') return place.value;
    this.#refuseValue(place, 'needed is a text');
    return '';
  }

  /** What was read, or an error that names everything wrong. */
  finish<T>(value: T): T {
    if (this.#issues.length > 0) throw invalidInput(this.#issues);
    return value;
  }
}
