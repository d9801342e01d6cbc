// A lifecycle hook of Amazon ECS that asks Serin. Configure it for POST_TEST_TRAFFIC_SHIFT or
// POST_PRODUCTION_TRAFFIC_SHIFT, with hookDetails such as {"service": "checkout", "environment": "production"}.
const waiting = { hookStatus: 'IN_PROGRESS', callBackDelay: 60 };

/** The body of `POST /v1/hooks/ecs/analysis`: one analysis for each service revision and stage. */
function requestOf(event) {
  const { targetServiceRevisionArn } = event.executionDetails ?? event;
  const key = [targetServiceRevisionArn, event.lifecycleStage].filter(Boolean).join('/');
  return { environment: 'production', key, ...event.hookDetails };
}

/** Serin out of reach says nothing about the revision, so the hook waits; what Serin refuses is a mistake to mend. */
export function makeHandler({ fetch, url, token, log = console }) {
  return async (event) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const body = JSON.stringify(requestOf(event));
    let response;
    try {
      const signal = AbortSignal.timeout(10_000);
      response = await fetch(`${url}/v1/hooks/ecs/analysis`, { method: 'POST', headers, body, signal });
    } catch (error) {
      log.warn('Serin is out of reach', error);
      return waiting;
    }
    if (response.status >= 500 || response.status === 429) return waiting;
    if (!response.ok) throw new Error(`Serin refused the request: ${await response.text()}`);
    const { hookStatus, callBackDelay, reason } = await response.json();
    log.info(reason);
    return callBackDelay === undefined ? { hookStatus } : { hookStatus, callBackDelay };
  };
}

export const handler = makeHandler({
  fetch: globalThis.fetch,
  url: process.env.SERIN_URL,
  token: process.env.SERIN_TOKEN,
});
