import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Io } from '../../src/cli/io.ts';
import { type Outcome, runSerin } from './run-serin.ts';

type Body = { changes?: Record<string, unknown>[]; incidents?: Record<string, unknown>[]; dryRun: boolean };
type Answer = (body: Body) => { status?: number; body?: unknown; headers?: Record<string, string> } | 'drop';

/** Refuses what has no service, and makes the rest. */
const usual: Answer = ({ changes, incidents }) => {
  const items = (changes ?? incidents ?? []).map(({ service }, index) =>
    service === undefined
      ? { kind: 'change', index, result: 'refused', errors: [{ path: 'service', message: 'is missing' }] }
      : { kind: 'change', index, result: 'made', id: String(index) },
  );
  return { body: { items } };
};

const line = (id: number | string, more: object = {}): string =>
  JSON.stringify({
    source: 's',
    externalId: String(id),
    service: 'checkout',
    environment: 'production',
    ...more,
  });
const lines = (count: number): string => Array.from({ length: count }, (_, i) => `${line(i + 1)}\n`).join('');

async function* piped(...pieces: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
}

describe('serin backfill', () => {
  let folder: string;
  let sent: Body[];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'serin-backfill-'));
  });
  beforeEach(() => {
    sent = [];
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const answering =
    (answers: readonly Answer[]): Io['fetch'] =>
    async (_url, init) => {
      const body: Body = JSON.parse(String(init?.body));
      const answer = (answers[Math.min(sent.push(body), answers.length) - 1] ?? usual)(body);
      if (answer === 'drop') throw new TypeError('fetch failed');
      return new Response(JSON.stringify(answer.body ?? {}), {
        status: answer.status ?? 200,
        ...(answer.headers === undefined ? {} : { headers: answer.headers }),
      });
    };
  const run = (
    args: readonly string[],
    stdin: AsyncIterable<Uint8Array>,
    answers: readonly Answer[] = [usual],
    more: Partial<Io> = {},
  ): Promise<Outcome> => runSerin(['backfill', ...args], { stdin, fetch: answering(answers), ...more });
  const ndjson = (text: string | Uint8Array, ...args: string[]) => run(['ndjson', '-', ...args], piped(text));
  const csv = (text: string | Uint8Array, ...args: string[]) => run(['csv', '-', ...args], piped(text));
  const bodies = () => sent.flatMap(({ changes, incidents }) => changes ?? incidents ?? []);

  describe('ndjson', () => {
    it('sends each line as it is, in batches of 500, and says how many went in', async () => {
      const { code, stdout, stderr } = await ndjson(lines(1201));

      assert.deepEqual([code, stderr], [0, '']);
      assert.equal(
        stdout,
        '1201 made, 0 changed, 0 joined, 0 unchanged, 0 refused\n1201 are in, 0 are not\n',
      );
      assert.deepEqual(
        sent.map(({ changes }) => changes?.length),
        [500, 500, 201],
      );
      assert.deepEqual(bodies()[700], JSON.parse(line(701)));
      assert.equal(sent[0]?.dryRun, false);
    });

    it('reads lines wherever the pieces of the file end, across characters too', async () => {
      const bytes = Buffer.from(`${line('ü')}\r\n\n${line('€')}\n`);
      const pieces = [...bytes].map((byte) => Uint8Array.of(byte));
      const { code } = await run(['ndjson', '-'], piped(...pieces));

      assert.equal(code, 0);
      assert.deepEqual(
        bodies().map(({ externalId }) => externalId),
        ['ü', '€'],
      );
    });

    it('refuses a line that cannot be read, says which and why, and sends the others', async () => {
      const bad = Buffer.concat([
        Buffer.from(`${line(1)}\n{"a":\n[1]\n`),
        Uint8Array.of(0x22, 0xff, 0x22, 0x0a),
        Buffer.from(`"${'x'.repeat(300_000)}"\n${line(6)}\n${line(7, { service: undefined })}\n`),
      ]);
      const { code, stdout, stderr } = await ndjson(bad);

      assert.equal(code, 2);
      assert.match(stdout, /^2 made, 0 changed, 0 joined, 0 unchanged, 5 refused\n2 are in, 5 are not$/m);
      assert.deepEqual(
        stderr.split('\n').map((text) => text.slice(0, 45)),
        [
          'refused line 2: is no JSON: Unexpected end of',
          'refused line 3: is JSON, but no object',
          'refused line 4: is no UTF-8',
          'refused line 5: is longer than 256 KiB',
          'refused line 7: service: is missing',
          '',
        ],
      );
      assert.deepEqual(
        bodies().map(({ externalId }) => externalId),
        ['1', '6', '7'],
      );
    });

    it('tells a file that is cut off, and takes a last line without its end', async () => {
      const cut = await ndjson(`${line(1)}\n${line(2).slice(0, 20)}`);
      assert.equal(cut.code, 2);
      assert.match(cut.stderr, /^refused line 2: is cut off: the input ends in the middle of this line$/m);

      assert.equal((await ndjson(`${line(1)}\n${line(2)}`)).code, 0);
    });

    it('keeps all refused lines in a file, with what stood there', async () => {
      const path = join(folder, 'refused.ndjson');
      const text = Array.from({ length: 30 }, (_, i) => line(i, { service: undefined })).join('\n');
      const { stderr } = await ndjson(`${text}\nnonsense\n`, '--refused', path);

      const kept = (await readFile(path, 'utf8'))
        .trim()
        .split('\n')
        .map((one) => JSON.parse(one));
      assert.equal(kept.length, 31);
      assert.deepEqual(kept[1], {
        line: 2,
        errors: ['service: is missing'],
        input: { source: 's', externalId: '1', environment: 'production' },
      });
      assert.deepEqual([kept[30].line, kept[30].input], [31, 'nonsense']);
      assert.equal(stderr.match(/^refused line/gm)?.length, 20);
      assert.match(stderr, /--refused FILE keeps all of them/);
    });

    it('sends incidents, and asks for a dry run', async () => {
      const { stdout } = await ndjson(lines(2), '--kind', 'incident', '--dry-run');

      assert.deepEqual([sent[0]?.incidents?.length, sent[0]?.changes, sent[0]?.dryRun], [2, undefined, true]);
      assert.equal(
        stdout,
        'dry run, nothing was kept; there would be 2 made, 0 changed, 0 joined, 0 unchanged, 0 refused\n',
      );
    });

    it('rehearses a hundred lines at a time, for others wait for that', async () => {
      await ndjson(lines(250), '--dry-run');

      assert.deepEqual(
        sent.map(({ changes }) => changes?.length),
        [100, 100, 50],
      );
    });

    it('waits out 429 and 503 and loses no line', async () => {
      const busy: Answer = () => ({ status: 429, headers: { 'retry-after': '7' } });
      const away: Answer = () => ({ status: 503, body: { detail: 'the database is away' } });
      const { code, stdout, elapsed } = await run(['ndjson', '-'], piped(lines(600)), [
        busy,
        away,
        () => 'drop',
        usual,
      ]);

      assert.equal(code, 0);
      assert.match(stdout, /^600 made/);
      assert.deepEqual(
        sent.map(({ changes }) => changes?.length),
        [500, 500, 500, 500, 100],
      );
      assert.equal(elapsed, 7000 + 2000 + 4000);
    });

    it('says how to go on when the outage outlasts --timeout, and goes on there', async () => {
      const ended = await run(['ndjson', '-', '--timeout', '5s'], piped(lines(1200)), [usual, () => 'drop']);

      assert.equal(ended.code, 5);
      assert.match(ended.stdout, /^500 made.*\n500 are in, 0 are not\nit ended early: .*cannot be reached/);
      assert.match(ended.stdout, /^all up to line 500 is dealt with; go on with --skip-lines 500$/m);

      sent = [];
      const { stdout } = await ndjson(lines(1200), '--skip-lines', '500');
      assert.match(stdout, /^700 made/);
      assert.equal(bodies()[0]?.['externalId'], '501');
    });

    it('ends after the batch under way when it is interrupted', async () => {
      const stop = new AbortController();
      const stopping: Answer = (body) => {
        stop.abort();
        return usual(body);
      };
      const { code, stdout } = await run(['ndjson', '-'], piped(lines(1200)), [stopping], {
        interrupted: () => stop.signal,
      });

      assert.equal(code, 5);
      assert.equal(sent.length, 1);
      assert.match(
        stdout,
        /^500 made.*\n500 are in, 0 are not\nit ended early: it was stopped\n.*--skip-lines 500$/m,
      );
    });

    it('does not wait on when it is interrupted in an outage', async () => {
      const stop = new AbortController();
      const dropping: Answer = () => {
        if (sent.length === 3) stop.abort();
        return 'drop';
      };
      const { code, stdout } = await run(['ndjson', '-'], piped(lines(3)), [dropping], {
        interrupted: () => stop.signal,
      });

      assert.deepEqual([code, sent.length], [5, 3]);
      assert.match(stdout, /no batch was done; begin again/);
    });

    it('finds the line that spoils a whole body, and sends the others', async () => {
      const strict: Answer = (body) =>
        body.changes?.some(({ externalId }) => externalId === '5')
          ? { status: 400, body: { errors: [{ path: 'changes[0].version', message: 'holds a NUL' }] } }
          : usual(body);
      const { code, stdout, stderr } = await run(['ndjson', '-'], piped(lines(9)), [strict]);

      assert.equal(code, 2);
      assert.match(stdout, /^8 made, .* 1 refused$/m);
      assert.match(stderr, /^refused line 5: version: holds a NUL$/m);
    });

    it('ends with 2 at once when the caller may not', async () => {
      const { code, stdout } = await run(['ndjson', '-'], piped(lines(900)), [
        () => ({ status: 403, body: { detail: 'needs the role record' } }),
      ]);

      assert.deepEqual([code, sent.length], [2, 1]);
      assert.match(stdout, /it ended early: needs the role record/);
    });

    it('sends no more than a body can hold at once', async () => {
      const long = Array.from({ length: 60 }, (_, i) => line(i, { title: 'x'.repeat(100_000) })).join('\n');
      const { stdout } = await ndjson(long);

      assert.match(stdout, /^60 made/);
      assert.ok(sent.length > 1);
      for (const body of sent) assert.ok(JSON.stringify(body).length < 4 * 1024 * 1024);
    });

    it('reads a large file as it sends it, and never ahead of that by more than a batch', async () => {
      const total = 20_000;
      let read = 0;
      let ahead = 0;
      async function* generated(): AsyncGenerator<Uint8Array> {
        for (let from = 0; from < total; from += 100) {
          const some = Array.from({ length: 100 }, (_, i) => `${line(from + i, { url: 'u'.repeat(300) })}\n`);
          read += some.length;
          yield Buffer.from(some.join(''));
        }
      }
      let got = 0;
      const { code } = await run(['ndjson', '-'], generated(), [
        (body) => {
          got += body.changes?.length ?? 0;
          ahead = Math.max(ahead, read - got);
          return usual(body);
        },
      ]);

      assert.deepEqual([code, got], [0, total]);
      assert.ok(ahead <= 200, `${ahead} lines were read ahead`);
    });

    it('prints the sum as JSON with --json', async () => {
      const { stdout } = await ndjson(lines(2), '--json');

      assert.deepEqual(JSON.parse(stdout), {
        counts: { made: 2, changed: 0, joined: 0, unchanged: 0, refused: 0 },
        ...{ through: 2, ending: 'done', reason: null, dryRun: false },
      });
    });

    it('reads a file, and refuses one that is not there', async () => {
      const path = join(folder, 'changes.ndjson');
      await writeFile(path, lines(3));
      const { stdout } = await run(['ndjson', path], piped());
      const absent = await run(['ndjson', join(folder, 'absent')], piped());
      const directory = await run(['ndjson', folder], piped());
      const unwritable = await run(['ndjson', path, '--refused', join(folder, 'no', 'such')], piped());

      assert.match(stdout, /^3 made/);
      assert.deepEqual([absent.code, directory.code, unwritable.code], [2, 2, 2]);
      assert.match(absent.stderr, /FILE: .*absent cannot be read/);
      assert.match(directory.stderr, /FILE: .* cannot be read: it is a directory/);
      assert.match(unwritable.stderr, /--refused: .*cannot be written/);
    });
  });

  describe('csv', () => {
    const header = 'source,externalId,service,environment';

    it('reads quoted cells, lists, line ends of any kind and a byte order mark', async () => {
      const text = `\uFEFF${header},targets,actor,url\r\ns,"1,""a""",checkout,production,"eu; us","Ada\nL.",\r\ns,2,checkout,production,,,\r\n`;
      const { code } = await csv(text);

      const place = { service: 'checkout', environment: 'production' };
      assert.equal(code, 0);
      assert.deepEqual(bodies(), [
        { source: 's', externalId: '1,"a"', ...place, targets: ['eu', 'us'], actor: 'Ada\nL.' },
        { source: 's', externalId: '2', ...place },
      ]);
    });

    it('reads lines that end each in another way, wherever the pieces of the file end', async () => {
      const text = `${header},version\ns,1,checkout,production,v1\r\ns,2,checkout,production,"v\r\n2"\rs,3,,production,v3\ns,4,checkout,production,v4`;
      const whole = await csv(text);
      const first = bodies();
      sent = [];
      const bytes = [...Buffer.from(text)].map((byte) => Uint8Array.of(byte));
      const pieces = await run(['csv', '-'], piped(...bytes));

      assert.deepEqual(
        first.map(({ externalId, version }) => [externalId, version]),
        [
          ['1', 'v1'],
          ['2', 'v\n2'],
          ['3', 'v3'],
          ['4', 'v4'],
        ],
      );
      assert.deepEqual(bodies(), first);
      for (const { stderr } of [whole, pieces])
        assert.match(stderr, /^refused line 5: service: is missing$/m);
    });

    it('reads incidents with labels and the change to blame', async () => {
      await csv(
        'source,externalId,labels.region,labels.a.b,change.version\ns,1,eu,x,v2\n',
        '--kind',
        'incident',
      );

      assert.deepEqual(bodies(), [
        { source: 's', externalId: '1', labels: { region: 'eu', 'a.b': 'x' }, change: { version: 'v2' } },
      ]);
    });

    it('refuses columns that are unknown, missing or there twice, and names what is allowed', async () => {
      const { code, stderr } = await csv('source,externalId,service,colour,service\n');

      assert.deepEqual([code, sent.length], [2, 0]);
      assert.match(
        stderr,
        /found the column "colour"; allowed are source, externalId, service, environment, targ/,
      );
      assert.match(stderr, /lacks the column "environment"; found are source, externalId, service, colour/);
      assert.match(stderr, /has the column "service" twice/);
    });

    it('refuses an empty file', async () => {
      const { code, stderr } = await csv('');

      assert.equal(code, 2);
      assert.match(stderr, /lacks the column "source"; found are none/);
    });

    it('tells the line that a row begins on, also after cells of several lines', async () => {
      const { code, stderr } = await csv(
        `${header}\ns,"a\nb\nc",checkout,production\ns,2,checkout\ns,3,,production\n`,
      );

      assert.equal(code, 2);
      assert.match(stderr, /^refused line 5: has 3 cells; the header has 4 columns$/m);
      assert.match(stderr, /^refused line 6: service: is missing$/m);
    });

    it('refuses a row that is no UTF-8', async () => {
      const bytes = Buffer.concat([
        Buffer.from(`${header}\ns,`),
        Uint8Array.of(0xff),
        Buffer.from(',checkout,production\ns,2,checkout,production\n'),
      ]);
      const { stdout, stderr } = await csv(bytes);

      assert.match(stderr, /^refused line 2: externalId: is no UTF-8$/m);
      assert.match(stdout, /^1 made/);
    });

    for (const [cell, why] of [
      ['2"x"', 'has a quote within a cell that does not begin with one'],
      ['"2"x', 'goes on after the closing quote of a cell; a quote within one is written twice'],
    ] as const)
      it(`says that it ended early at ${cell}, and where to go on`, async () => {
        const row = (id: string) => `s,${id},checkout,production\n`;
        const text = `${header}\n${row('1')}${row(cell)}${row('3')}`;
        const { code, stdout, stderr } = await csv(text);
        const { ending, through } = JSON.parse((await csv(text, '--json', '--skip-lines', '3')).stdout);

        assert.equal(code, 2);
        assert.deepEqual(stderr.split('\n')[0], `refused line 3: ${why}; nothing after it was read`);
        assert.deepEqual(stdout.split('\n').slice(0, 4), [
          '1 made, 0 changed, 0 joined, 0 unchanged, 1 refused',
          '1 are in, 1 are not',
          `it ended early: line 3: ${why}; nothing after it was read`,
          'all up to line 2 is dealt with; go on with --skip-lines 2',
        ]);
        assert.deepEqual([ending, through], ['refused', 3]);
      });

    it('refuses a header that cannot be read', async () => {
      const { code, stderr } = await csv('{"source": "s"}\n');

      assert.deepEqual([code, sent.length], [2, 0]);
      assert.match(stderr, /^serin: header: has a quote within a cell that does not begin with one/);
    });

    it('tells a file that ends within a quoted cell, after sending what came before', async () => {
      const { code, stdout, stderr } = await csv(`${header}\ns,1,checkout,production\ns,"2,checkout,prod`);

      assert.equal(code, 2);
      assert.match(stdout, /^1 made, .* 1 refused$/m);
      assert.match(stderr, /^refused line 3: is cut off: the input ends within a quoted cell/m);
    });

    it('gives up on a quote that is never closed before it has read all', async () => {
      const { code, stderr } = await csv(
        `${header}\ns,1,checkout,production\ns,"2,${'checkout,production\n'.repeat(50_000)}`,
      );

      assert.equal(code, 2);
      assert.match(stderr, /^refused line 3: is longer than 256 KiB, or its quote is never closed/m);
    });

    it('goes on after a line', async () => {
      const rows = Array.from({ length: 5 }, (_, i) => `s,${i + 1},checkout,production\n`).join('');
      await csv(`${header}\n${rows}`, '--skip-lines', '3');

      assert.deepEqual(
        bodies().map(({ externalId }) => externalId),
        ['3', '4', '5'],
      );
    });
  });

  it('refuses wrong flags', async () => {
    assert.match((await ndjson('', '--skip-lines', 'x')).stderr, /Allowed are whole numbers from 0/);
    assert.match((await ndjson('', '--kind', 'x')).stderr, /Allowed choices are change, incident/);
    assert.match((await ndjson('', '--url', 'ftp://x')).stderr, /--url: is not an address/);
  });
});
