import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

const root = new URL('../../', import.meta.url);

/** Path of a file of the repository, from any directory. */
export function pathOf(name: string): string {
  return new URL(name, root).pathname;
}

export function readText(name: string): string {
  return readFileSync(new URL(name, root), 'utf8');
}

/** A YAML file of one document; a shape that its test goes on to check. */
export function readYaml<T>(name: string): T {
  return parse(readText(name)) as T;
}
