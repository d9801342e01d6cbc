import { invalidInput } from '../errors.ts';

const deepest = 32;
/** NUL, or a surrogate without its other half. */
const oddCharacter = /\0|\p{Surrogate}/u;

function clean(value: unknown, path: string, depth: number): unknown {
  if (depth > deepest) throw invalidInput([{ path, message: `is nested deeper than ${deepest} levels` }]);
  if (Array.isArray(value)) {
    // Long lists are lists of numbers, whose paths nobody needs.
    return value.map((item, index) =>
      typeof item === 'number' ? item : clean(item, `${path}[${index}]`, depth + 1),
    );
  }
  if (typeof value === 'string' && oddCharacter.test(value)) {
    throw invalidInput([{ path, message: 'holds a NUL or half a character, which no database keeps' }]);
  }
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).flatMap(([name, member]) => {
    const at = path === '' ? name : `${path}.${name}`;
    if (name === '__proto__') throw invalidInput([{ path: at, message: 'is a name that is not allowed' }]);
    return member === '' || member === null ? [] : [[name, clean(member, at, depth + 1)] as const];
  });
  return Object.fromEntries(members);
}

/**
 * A parsed body without the members that are `""` or `null`, at any depth: templating makes an absent value an empty
 * string. Elements of arrays stay. Rejects with `invalid_input` what is nested too deep, the name `__proto__`, and
 * text that a database could not give back.
 */
export function dropAbsent(body: unknown): unknown {
  return clean(body, '', 0);
}
