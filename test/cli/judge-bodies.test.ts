import assert from 'node:assert/strict';
import fc from 'fast-check';
import { tellBodies } from '../../src/cli/judge-input.ts';
import { type Line, splitLines } from '../../src/cli/judge-lines.ts';
import { inChunks } from './run-judge.ts';

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function linesOf(text: string, limit = 1000, size = 7): Promise<(readonly [number, string | null])[]> {
  const lines = await collect(splitLines(inChunks(text, size), limit));
  return lines.map(({ number, text: content, fault }) => [number, content ?? fault]);
}

/** What the input was taken for: one text, or the texts of several. */
async function told(text: string, limit = 1000): Promise<string | null | (string | null)[]> {
  const bodies = await tellBodies(splitLines(inChunks(text), limit), limit);
  if (bodies.kind === 'none') return null;
  if (bodies.kind === 'one') return bodies.line.text ?? bodies.line.fault;
  return (await collect(bodies.lines)).map((line) => line.text ?? line.fault);
}

describe('the lines of an input', () => {
  it('are counted from 1, blank ones and a last one without an end included', async () => {
    assert.deepEqual(await linesOf('a\n\nb\r\nc'), [
      [1, 'a'],
      [2, ''],
      [3, 'b\r'],
      [4, 'c'],
    ]);
    assert.deepEqual(await linesOf('a\n'), [[1, 'a']]);
    assert.deepEqual(await linesOf(''), []);
  });

  it('are the same however the bytes come in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' '))),
        fc.integer({ min: 1, max: 9 }),
        async (texts, size) => {
          const lines = await linesOf(texts.map((text) => `${text}\n`).join(''), 10_000, size);

          assert.deepEqual(
            lines.map(([, text]) => text),
            texts,
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are not kept where they are too long, and the next is read as ever', async () => {
    const limit = 1024 * 1024;
    const long = 'x'.repeat(limit + 1);

    assert.deepEqual(await linesOf(`a\n${long}\nb\n${long.slice(1)}`, limit, 65_536), [
      [1, 'a'],
      [2, 'is longer than 1 MiB'],
      [3, 'b'],
      [4, long.slice(1)],
    ]);
  });

  it('are told where they are not UTF-8', async () => {
    async function* bytes(): AsyncGenerator<Uint8Array> {
      yield Uint8Array.from([0xff, 0x0a, 0x61, 0x0a]);
    }

    const lines = await collect(splitLines(bytes(), 10));

    assert.deepEqual(lines, [
      { number: 1, text: null, fault: 'is not UTF-8' },
      { number: 2, text: 'a', fault: null },
    ]);
  });
});

describe('bodies in an input', () => {
  const one = { plan: { metrics: [{ name: 'a"{', kind: 'gauge' }] }, samples: { 'a"{': [1, [2]] } };
  const line = JSON.stringify(one);

  it('are one when it stands on one line, with or without blank lines around', async () => {
    assert.equal(await told(line), line);
    assert.equal(await told(`\n  \n${line}\n\n`), line);
  });

  it('are one when it is printed over several lines, whatever the style', async () => {
    for (const indent of [1, 2, '\t']) {
      const text = JSON.stringify(one, null, indent);
      assert.equal(await told(text), text);
      assert.equal(await told(text.replaceAll('\n', '\r\n')), text.replaceAll('\n', '\r\n'));
    }
    for (const text of [
      '{"plan":\n{"metrics":[]}\n}',
      '{"metrics":[\n{"name":"a"},\n{"name":"b"}]}',
      '{ "a":\n\n1 }',
    ])
      assert.equal(await told(text), text);
  });

  it('are many when each stands on a line, one that is broken included', async () => {
    assert.deepEqual(await told(`${line}\n${line}\n`), [line, line]);
    assert.deepEqual(await told(`{broken\n${line}`), ['{broken', line]);
    assert.deepEqual(await told(`${line.slice(0, -5)}\n${line}\n${line}`), [line.slice(0, -5), line, line]);
    assert.deepEqual(await told(`[1]\n"two"\n`), ['[1]', '"two"']);
  });

  it('are many when the first is cut off inside of a text', async () => {
    const cut = '{"plan":{"name":"htt';

    assert.deepEqual(await told(`${cut}\n${line}`), [cut, line]);
  });

  it('are none in an input without any', async () => {
    assert.equal(await told(''), null);
    assert.equal(await told(' \n\r\n'), null);
  });

  it('are refused where one over several lines is too long', async () => {
    const limit = 64 * 1024;
    const text = JSON.stringify({ many: new Array(20_000).fill(1) }, null, 4);

    const bodies = await tellBodies(splitLines(inChunks(text, 4_096), limit), limit);

    assert.equal(bodies.kind === 'one' ? bodies.line.fault : null, 'is longer than 0.0625 MiB');
  });

  it('let go of the input when nobody reads on', async () => {
    let isLetGo = false;
    async function* endless(): AsyncGenerator<Line> {
      try {
        for (let number = 1; ; number += 1) yield { number, text: '{}', fault: null };
      } finally {
        isLetGo = true;
      }
    }

    const bodies = await tellBodies(endless(), 10);
    assert.ok(bodies.kind === 'many');
    for await (const { number } of bodies.lines) if (number === 5) break;

    assert.ok(isLetGo);
  });
});
