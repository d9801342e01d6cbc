import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { createLogger } from '../../src/telemetry/logger.ts';
import { loggablePath } from '../../src/telemetry/redaction.ts';

function capture(): { stream: Writable; lines: () => Record<string, unknown>[] } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  const lines = (): Record<string, unknown>[] =>
    chunks
      .join('')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { stream, lines };
}

describe('createLogger', () => {
  it('writes one JSON object a line with level and time in words', () => {
    const { stream, lines } = capture();

    createLogger('info', stream).info({ runId: 'r1' }, 'run concluded');

    const [line] = lines();
    assert.equal(line?.['level'], 'info');
    assert.equal(line?.['msg'], 'run concluded');
    assert.equal(line?.['runId'], 'r1');
    assert.match(String(line?.['time']), /^\d{4}-\d\d-\d\dT/);
  });

  it('leaves out what is below its level', () => {
    const { stream, lines } = capture();

    const logger = createLogger('warn', stream);
    logger.info('quiet');
    logger.warn('loud');

    assert.deepEqual(
      lines().map((line) => line['msg']),
      ['loud'],
    );
  });

  it('replaces authorization, cookies and tokens wherever they hang', () => {
    const { stream, lines } = capture();

    createLogger('info', stream).info({
      authorization: 'Bearer hush-1',
      headers: { authorization: 'Bearer hush-2', cookie: 'hush-3' },
      provider: { token: 'hush-4', password: 'hush-5', headers: { authorization: 'hush-6' } },
    });

    assert.doesNotMatch(JSON.stringify(lines()), /hush/);
    assert.match(JSON.stringify(lines()), /\[redacted\]/);
  });
});

describe('loggablePath', () => {
  it('replaces tokens in the paths of callers that cannot send headers', () => {
    assert.equal(loggablePath('/kayenta/t/hush/canary/1'), '/kayenta/t/[redacted]/canary/1');
    assert.equal(loggablePath('/v1/hooks/flagger/rollout/hush'), '/v1/hooks/flagger/rollout/[redacted]');
    const routes = ['/v1/hooks/x/{token}/y', '/v2/{name}/{token}'];
    for (const path of ['/v1/hooks/x/hush/y', '/v1/hooks/x/hush', '/v1/hooks/x/hush/z?a=hush', '/v2/a/hush'])
      assert.match(loggablePath(path, routes), /\[redacted\]/);
    for (const path of ['/v1/hooks/x/hush/y', '/v1/hooks/x/hush/z?a=hush', '/v2/a/hush', '/any/serin_hush/x'])
      assert.doesNotMatch(loggablePath(path, routes), /hush/);
    assert.equal(loggablePath('/v1/hooks/other/y', routes), '/v1/hooks/other/y');
  });

  it('drops the query and cuts what is long', () => {
    assert.equal(loggablePath('/v1/analyses?key=hush#x'), '/v1/analyses');
    assert.equal(loggablePath(`/${'a'.repeat(500)}`).length, 200);
  });
});
