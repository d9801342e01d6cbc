import assert from 'node:assert/strict';
import request from 'supertest';
import { makeApi, recordStarts } from '../support/api.ts';
import { fillExpressions, readPreconfigured } from '../support/spinnaker-example.ts';

const stage = readPreconfigured();
const values = {
  'execution.id': '01JD',
  ...{ stage: 'canary', service: 'checkout', environment: 'production', version: 'v2' },
  ...{ canary: 'checkout-v002', baseline: 'checkout-v001' },
};

describe('examples/spinnaker/orca-local.yml', () => {
  it('waits for completion by the address in the answer', () => {
    assert.equal(stage.waitForCompletion, true);
    assert.equal(stage.statusUrlResolution, 'webhookResponse');
    assert.deepEqual(stage.customHeaders['Authorization'], [['Bearer $', '{SERIN_TOKEN}'].join('')]);
  });

  it('uses parameters that it declares', () => {
    const declared = stage.parameters.map(({ name }) => name);
    const used = [...`${stage.payload}${stage.cancelPayload}`.matchAll(/parameterValues\['(\w+)'\]/g)];

    assert.ok(used.length > 0);
    for (const [, name = ''] of used) assert.ok(declared.includes(name), name);
  });

  it('sends what the service takes, and cancels under the same key', async () => {
    const { runs, started } = recordStarts();
    const { handler } = makeApi({ runs });

    const created = await request(handler)
      .post(new URL(stage.url).pathname)
      .send(JSON.parse(fillExpressions(stage.payload, values)));
    const cancelPayload = JSON.parse(fillExpressions(stage.cancelPayload, values));
    const cancelled = await request(handler).post(new URL(stage.cancelEndpoint).pathname).send(cancelPayload);

    assert.deepEqual([created.status, cancelled.status], [201, 202]);
    assert.equal(started[0]?.key, '01JD/canary');
    assert.equal(cancelPayload.key, started[0]?.key);
    assert.deepEqual(started[0]?.canary, { server_group: 'checkout-v002' });
    for (const path of [stage.statusUrlJsonPath, stage.statusJsonPath, stage.progressJsonPath])
      assert.ok(path.slice(2) in created.body, path);
  });
});
