// A hook of AWS CodeDeploy (AfterAllowTestTraffic, AfterAllowTraffic) that waits for Serin's verdict. The function's
// timeout must outlast the plan; for plans of more than a quarter of an hour put the loop into a Step Function.
const pauseMs = 5_000;

/** CodeDeploy knows two answers, and nothing but a pass has shown that the deployment is fit. */
function statusOf(verdict) {
  return verdict === 'pass' ? 'Succeeded' : 'Failed';
}

async function ask({ fetch, url, token }, event, request) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const body = JSON.stringify({ environment: 'production', key: event.DeploymentId, wait: '30s', ...request });
  try {
    const signal = AbortSignal.timeout(40_000);
    const response = await fetch(`${url}/v1/analyses`, { method: 'POST', headers, body, signal });
    if (response.ok) return await response.json();
    if (response.status < 500) return { verdict: 'refused', reason: await response.text() };
    return { verdict: 'running', reason: `Serin answered ${response.status}` };
  } catch (error) {
    return { verdict: 'running', reason: `Serin is out of reach: ${error.message}` };
  }
}

/** `report` tells CodeDeploy, `remaining` how many milliseconds the function has left. */
export function makeHandler({ report, request, pause = pauseMs, log = console, ...serin }) {
  return async (event, context) => {
    let analysis = await ask(serin, event, request);
    while (analysis.verdict === 'running' && context.getRemainingTimeInMillis() > 50_000) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      analysis = await ask(serin, event, request);
    }
    log.info(analysis.verdict, analysis.reason);
    await report({
      deploymentId: event.DeploymentId,
      lifecycleEventHookExecutionId: event.LifecycleEventHookExecutionId,
      status: statusOf(analysis.verdict),
    });
  };
}

async function reportToCodeDeploy(input) {
  const { CodeDeploy } = await import('@aws-sdk/client-codedeploy');
  await new CodeDeploy().putLifecycleEventHookExecutionStatus(input);
}

export const handler = makeHandler({
  report: reportToCodeDeploy,
  fetch: globalThis.fetch,
  url: process.env.SERIN_URL,
  token: process.env.SERIN_TOKEN,
  request: { service: process.env.SERIN_SERVICE },
});
