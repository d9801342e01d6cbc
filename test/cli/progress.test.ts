import assert from 'node:assert/strict';
import type { Io } from '../../src/cli/io.ts';
import { createProgress, type Progress } from '../../src/cli/progress.ts';
import { analysisOf } from './fake-serin.ts';

const uncoloured = (text: string): string => text.replaceAll('\u001B[36m', '').replaceAll('\u001B[0m', '');

describe('progress of a gate', () => {
  const begun = Date.parse('2026-11-23T10:00:00.000Z');
  let written = '';
  let now = begun;
  let tick: (value: unknown) => void = () => {};
  let ticking = false;

  const start = (overrides: Partial<Io>, columns = 60): Progress => {
    const io: Pick<Io, 'env' | 'stderr' | 'now' | 'sleep'> = {
      env: {},
      stderr: {
        columns,
        write: (text) => {
          written += text;
        },
      },
      now: () => now,
      sleep: (_milliseconds, signal) =>
        new Promise((resolve, reject) => {
          tick = resolve;
          ticking = true;
          signal?.addEventListener('abort', () => {
            ticking = false;
            reject(new Error('aborted'));
          });
        }),
    };
    return createProgress({ ...io, ...overrides } as Io, 'http://serin');
  };

  beforeEach(() => {
    written = '';
    now = begun;
    ticking = false;
  });

  describe('in a log', () => {
    it('writes one plain line for each change and none for a repetition', () => {
      const progress = start({ isTTY: false });

      progress.tell({ kind: 'analysis', analysis: analysisOf() });
      progress.tell({ kind: 'analysis', analysis: analysisOf() });
      now += 60_000;
      progress.tell({ kind: 'analysis', analysis: analysisOf({ looks: 2 }) });
      progress.stop();

      assert.equal(
        written,
        [
          'judging checkout v1.8.0 in production: http://serin/analyses/a-1',
          '10:00:00 running, look 1, 30m left: errors: 0.4 % in the canary against 0.5 %',
          '10:01:00 running, look 2, 29m left: errors: 0.4 % in the canary against 0.5 %',
          '',
        ].join('\n'),
      );
    });

    it('repeats itself after five minutes, so that a CI system sees it alive', () => {
      const progress = start({ isTTY: false });
      progress.tell({ kind: 'analysis', analysis: analysisOf() });
      const before = written;

      now += 299_999;
      progress.tell({ kind: 'analysis', analysis: analysisOf() });
      assert.equal(written, before);
      now += 1;
      progress.tell({ kind: 'analysis', analysis: analysisOf() });

      assert.match(written.slice(before.length), /^10:05:00 running, look 1, 25m left/);
    });

    it('holds no escape code', () => {
      const progress = start({ isTTY: false });
      progress.tell({ kind: 'outage', reason: 'the socket closed', since: begun - 5000 });

      assert.equal(written, '10:00:00 unavailable for 5s: the socket closed\n');
    });
  });

  describe('on a terminal', () => {
    it('writes one line over and over, cut to the width, and leaves an empty one', () => {
      const progress = start({ isTTY: true });
      progress.tell({ kind: 'analysis', analysis: analysisOf() });
      progress.tell({ kind: 'analysis', analysis: analysisOf({ looks: 2 }) });
      progress.stop();

      const [head, ...rest] = written.split('\n');
      assert.match(head ?? '', /judging checkout/);
      assert.equal(rest.length, 1, 'the live line is never ended');
      const drawn = rest[0]!.split('\r\u001B[2K');
      assert.equal(drawn.at(-1), '');
      for (const line of drawn) assert.ok(uncoloured(line).length < 60, line);
      assert.match(drawn.at(-2) ?? '', /look 2/);
    });

    it('counts down each second without news, and stops with the rest', async () => {
      const progress = start({ isTTY: true }, 200);
      progress.tell({ kind: 'analysis', analysis: analysisOf() });
      now += 29 * 60_000 + 30_000;
      tick(null);
      await new Promise((resolve) => setImmediate(resolve));

      assert.match(written, /running, look 1, 30s left[^\n]*$/);
      progress.stop();
      assert.equal(ticking, false);
    });

    it('is coloured unless NO_COLOR is set', () => {
      start({ isTTY: true }).tell({ kind: 'analysis', analysis: analysisOf() });
      assert.ok(written.includes('\u001B[36m'));

      written = '';
      start({ isTTY: true, env: { NO_COLOR: '1' } }).tell({ kind: 'analysis', analysis: analysisOf() });
      assert.ok(!written.includes('\u001B[36m') && !written.includes('\u001B[0m'));
    });
  });
});
