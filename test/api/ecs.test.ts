import assert from 'node:assert/strict';
import request from 'supertest';
import type { Run } from '../../src/analysis/run.ts';
import { statuses } from '../../src/api/problem.ts';
import { errorCodes, SerinError } from '../../src/errors.ts';
import { makeApi, makeRuns } from '../support/api.ts';
import { makeRun, start } from '../support/plans.ts';

const path = '/v1/hooks/ecs/analysis';
const body = { key: 'revision/stage', service: 'checkout', environment: 'production' };

async function ask(
  run: Partial<Run>,
): Promise<{ hookStatus: string; callBackDelay?: number; reason: string }> {
  const runs = makeRuns({ start: async () => makeRun(run) });
  const answer = await request(makeApi({ runs }).handler).post(path).send(body);
  assert.equal(answer.status, 200);
  return answer.body;
}

describe('the route behind a lifecycle hook of Amazon ECS', () => {
  for (const [verdict, hookStatus] of [
    ['pass', 'SUCCEEDED'],
    ['fail', 'FAILED'],
    ['inconclusive', 'FAILED'],
  ] as const)
    it(`answers ${hookStatus} and no delay when the verdict is ${verdict}`, async () => {
      const answer = await ask({ verdict, reason: 'errors: so it is' });

      assert.equal(answer.hookStatus, hookStatus);
      assert.ok(!('callBackDelay' in answer));
      assert.equal(answer.reason, `${verdict}: errors: so it is`);
    });

  for (const [seconds, delay] of [
    [1, 15],
    [40.2, 41],
    [600, 60],
  ] as const)
    it(`asks to be asked again after ${delay} s when the next look is in ${seconds} s`, async () => {
      const answer = await ask({ nextLookAt: start + seconds * 1000 });

      assert.deepEqual([answer.hookStatus, answer.callBackDelay], ['IN_PROGRESS', delay]);
    });

  it('waits whatever fails inside, and refuses only what the caller can mend', async () => {
    for (const error of [...errorCodes.map((code) => new SerinError(code, 'why')), new TypeError('s3cr3t')]) {
      const runs = makeRuns({ start: () => Promise.reject(error) });

      const { status, body: answer } = await request(makeApi({ runs }).handler).post(path).send(body);

      const refused = error instanceof SerinError && statuses[error.code] < 500;
      assert.equal(status, refused ? statuses[error.code] : 200, String(error));
      if (!refused) {
        assert.deepEqual([answer.hookStatus, answer.callBackDelay], ['IN_PROGRESS', 60]);
        assert.doesNotMatch(answer.reason, /s3cr3t/);
      }
    }
  });
});
