import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';

const tests = new URL('..', import.meta.url);

function functionsOf(file: string): string[] {
  const text = readFileSync(new URL(`vectors/${file}.json`, tests), 'utf8');
  return (JSON.parse(text) as { cases: { fn: string }[] }).cases.map(({ fn }) => fn);
}

/** The names that some test replays all cases of. */
function replayed(): Set<string> {
  const files = readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.test.ts'),
  );
  const sources = files.map((path) => readFileSync(new URL(path, tests), 'utf8'));
  const loops = sources.flatMap((source) => [
    ...source.matchAll(/^ *for \(const one of casesOf\('(\w+)'\)\)/gm),
  ]);
  return new Set(loops.flatMap(([, fn]) => fn ?? []));
}

describe('the reference values', () => {
  for (const file of ['statistics', 'statistics-2']) {
    it(`are all held by a test: ${file}.json`, () => {
      const held = replayed();
      assert.deepEqual(
        [...new Set(functionsOf(file))].filter((fn) => !held.has(fn)),
        [],
      );
    });
  }
});
