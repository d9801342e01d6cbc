import { join, resolve } from 'node:path';

const root = new URL('../../', import.meta.url).pathname;
const folder = resolve(root, process.env['SERIN_VECTORS'] ?? '../shared/vectors');

/** Where a file of reference vectors would be: in `SERIN_VECTORS`, by default `../shared/vectors`. */
export function vectorsFile(name: string): string {
  return join(folder, name);
}
