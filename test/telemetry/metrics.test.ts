import assert from 'node:assert/strict';
import { createMetrics } from '../../src/telemetry/metrics.ts';

describe('createMetrics', () => {
  it('counts requests by route, method and class of status', async () => {
    const metrics = createMetrics({ process: false });

    metrics.httpRequest('/v1/analyses/{id}', 'GET', 200, 12);
    metrics.httpRequest('/v1/analyses/{id}', 'GET', 204, 12);
    metrics.httpRequest('/v1/analyses/{id}', 'GET', 404, 3);

    const { text, contentType } = await metrics.expose();
    assert.match(contentType, /^text\/plain/);
    assert.match(
      text,
      /serin_http_requests_total\{route="\/v1\/analyses\/\{id\}",method="GET",status="2xx"\} 2/,
    );
    assert.match(text, /serin_http_requests_total\{[^}]*\{id\}",method="GET",status="4xx"\} 1/);
    assert.match(text, /serin_http_request_duration_seconds_sum\{[^\n]*\} 0\.027/);
  });

  it('counts looks, verdicts, provider queries and database errors', async () => {
    const metrics = createMetrics({ process: false });

    metrics.look('judged', 500);
    metrics.verdict('fail');
    metrics.providerRequest('prometheus', 'provider_timeout', 10_000);
    metrics.databaseError('claimDue');
    metrics.schedulerLag(2500);

    const { text } = await metrics.expose();
    assert.match(text, /serin_looks_total\{outcome="judged"\} 1/);
    assert.match(text, /serin_look_duration_seconds_sum 0\.5/);
    assert.match(text, /serin_verdicts_total\{verdict="fail"\} 1/);
    assert.match(text, /serin_provider_requests_total\{provider="prometheus",outcome="provider_timeout"\} 1/);
    assert.match(text, /serin_provider_request_duration_seconds_sum\{provider="prometheus"\} 10\n/);
    assert.match(text, /serin_database_errors_total\{operation="claimDue"\} 1/);
    assert.match(text, /serin_scheduler_lag_seconds 2\.5/);
  });

  it('replaces the census of runs, so that an emptied phase is gone', async () => {
    const metrics = createMetrics({ process: false });

    metrics.runs({ running: 3, waiting: 1 });
    metrics.runs({ running: 2 });

    const { text } = await metrics.expose();
    assert.match(text, /serin_runs\{phase="running"\} 2/);
    assert.doesNotMatch(text, /phase="waiting"/);
  });

  it('gives each set of metrics its own numbers', async () => {
    const one = createMetrics();
    const other = createMetrics();

    one.verdict('pass');

    assert.match((await one.expose()).text, /serin_verdicts_total\{verdict="pass"\} 1/);
    assert.match((await one.expose()).text, /process_resident_memory_bytes/);
    assert.doesNotMatch((await other.expose()).text, /verdict="pass"/);
  });
});
