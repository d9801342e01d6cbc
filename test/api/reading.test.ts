import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import request from 'supertest';
import { createOutageClock } from '../../src/api/argo-rollouts/outage-clock.ts';
import { parseJson } from '../../src/api/json-text.ts';
import { dropAbsent } from '../../src/api/members.ts';
import { parseInstant, writeInstant } from '../../src/api/times.ts';
import { type InputIssue, SerinError } from '../../src/errors.ts';
import { makeApi, recordStarts } from '../support/api.ts';

const minimal = { service: 'checkout', environment: 'production' };

function faultOf(text: string): string {
  try {
    parseJson(text);
  } catch (error) {
    assert.ok(error instanceof SerinError);
    return error.message;
  }
  return 'no fault';
}

describe('parseJson', () => {
  const faults: readonly (readonly [text: string, fault: RegExp])[] = [
    ['{"a": oops}', /found "oops\}" at line 1, column 7/],
    ['{"a":1,}', /found "\}" at line 1, column 8/],
    ['{a:1}', /found "a:1\}" at line 1, column 2/],
    ['{"a":1} x', /found "x" at line 1, column 9/],
    ['{"a":\n  [1,\n  2', /found the end at line 3, column 4/],
    ['{"a": "open', /found the end at line 1, column 12/],
    ['{"a": NaN}', /found "NaN\}" at line 1, column 7/],
    ["{'a': 1}", /found "'a': 1\}" at line 1, column 2/],
    ['{"a": 01}', /at line 1, column 8/],
  ];
  for (const [text, fault] of faults) {
    it(`says where ${JSON.stringify(text)} stops being JSON`, () => {
      assert.match(faultOf(text), fault);
    });
  }

  it('reads what is JSON, with a byte order mark too', () => {
    assert.deepEqual(parseJson('\uFEFF{"a":1}'), { a: 1 });
  });

  it('finds a fault in everything that is none, and none in what is', () => {
    fc.assert(fc.property(fc.json(), (text) => assert.equal(faultOf(text), 'no fault')));
    fc.assert(
      fc.property(fc.json({ maxDepth: 2 }), fc.nat(), (text, at) => {
        const broken = `${text.slice(0, at % text.length)}\u0001${text.slice(at % text.length)}`;
        assert.match(faultOf(broken), /not JSON: found .* at line \d+, column \d+|no fault/);
      }),
    );
  });
});

describe('dropAbsent', () => {
  it('leaves out members that are "" or null at any depth, and keeps elements of arrays', () => {
    assert.deepEqual(dropAbsent({ a: '', b: null, c: { d: '', e: 0 }, f: ['', null, { g: '' }], h: false }), {
      c: { e: 0 },
      f: ['', null, {}],
      h: false,
    });
  });

  it('refuses __proto__ and what is nested without end', () => {
    assert.throws(
      () => dropAbsent(JSON.parse('{"a":{"__proto__":1}}')),
      /a\.__proto__: is a name that is not allowed/,
    );
    assert.throws(
      () => dropAbsent(JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)),
      /deeper than 32/,
    );
  });
});

describe('parseInstant', () => {
  function read(text: string): number | null {
    const issues: InputIssue[] = [];
    const value = parseInstant(text, 'at', issues);
    return issues.length === 0 ? value : null;
  }

  it('reads RFC 3339 with any offset', () => {
    assert.equal(read('2026-01-01T01:00:00+01:00'), Date.UTC(2026, 0, 1));
    assert.equal(read('2024-02-29t23:59:59.5z'), Date.UTC(2024, 1, 29, 23, 59, 59, 500));
  });

  it('refuses days that no month has and times that no day has', () => {
    for (const text of [
      '2026-02-29T00:00:00Z',
      '2026-04-31T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-00-01T00:00:00Z',
      '2026-01-01T24:00:00Z',
      '2026-01-01T00:60:00Z',
      '2026-01-01',
      '2026-01-01T00:00:00',
      '1767225600000',
      '2026-01-01 00:00:00Z',
    ])
      assert.equal(read(text), null, text);
  });

  it('reads what it writes', () => {
    const times = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) });
    fc.assert(fc.property(times, (at) => assert.equal(read(writeInstant(at)), at)));
  });
});

describe('a body', () => {
  it('may be compressed, and counts as large as it is unpacked', async () => {
    const { runs, started } = recordStarts();
    const send = (body: object): request.Test =>
      request(makeApi({ runs }).handler)
        .post('/v1/analyses')
        .set('Content-Encoding', 'gzip')
        .set('Content-Type', 'application/json')
        .serialize((bytes) => bytes)
        .send(gzipSync(JSON.stringify(body)) as never);

    assert.equal((await send(minimal)).status, 200);
    assert.equal((await send({ ...minimal, key: 'k'.repeat(1_000_000) })).status, 413);
    assert.equal(started.length, 1);
  });

  it('in another compression is 415', async () => {
    const answer = await request(makeApi().handler)
      .post('/v1/analyses')
      .set('Content-Encoding', 'zstd')
      .send('x');

    assert.equal(answer.status, 415);
    assert.equal(answer.body.code, 'unsupported_media_type');
  });

  it('that is not UTF-8 is refused', async () => {
    const answer = await request(makeApi().handler)
      .post('/v1/analyses')
      .set('Content-Type', 'application/json')
      .serialize((bytes) => bytes)
      .send(Buffer.from([0x22, 0xff, 0x22]) as never);

    assert.equal(answer.status, 400);
    assert.match(answer.body.detail, /not UTF-8/);
  });
});

describe('the outage clock', () => {
  it('forgets the oldest subjects rather than growing without end', () => {
    let now = 0;
    const clock = createOutageClock(
      () => now,
      () => 1000,
    );

    for (let subject = 0; subject < 2000; subject += 1) clock.failed(`s${subject}`);
    now = 1000;
    clock.succeeded('another');

    assert.equal(clock.failed('s0'), false);
    assert.equal(clock.failed('s1999'), true);
  });

  it('does not count from a failure long ago when nobody asked in between', () => {
    let now = 0;
    const clock = createOutageClock(
      () => now,
      () => 1000,
    );

    clock.failed('a');
    now = 100_000;

    assert.equal(clock.failed('a'), false);
    now += 1000;
    assert.equal(clock.failed('a'), true);
  });

  it('ends the outage of everybody with any success, and that of a subject with its own', () => {
    let now = 0;
    const clock = createOutageClock(
      () => now,
      () => 1000,
    );

    clock.failed('a');
    now = 1000;
    assert.equal(clock.failed('b'), true);
    clock.succeeded('b');
    assert.equal(clock.failed('b'), false);
    assert.equal(clock.failed('a'), true);
  });
});
