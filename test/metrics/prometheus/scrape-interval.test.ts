import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readScrapeInterval } from '../../../src/metrics/prometheus/scrape-interval.ts';

function read(yaml: string): number | null {
  return readScrapeInterval({ status: 'success', data: { yaml } });
}

describe('readScrapeInterval(answer)', () => {
  it('reads what a real Prometheus 2.42 shows', () => {
    const text = readFileSync(new URL('fixtures/status-config.json', import.meta.url), 'utf8');

    assert.equal(readScrapeInterval(JSON.parse(text)), 1000);
  });

  for (const [text, milliseconds] of [
    ['15s', 15_000],
    ['1m', 60_000],
    ['1m30s', 90_000],
    ['500ms', 500],
    ['1h1m1s1ms', 3_661_001],
    ['1d', 86_400_000],
    ['0s', null],
    ['15', null],
    ['1.5m', null],
    ['', null],
  ] as const) {
    it(`reads "${text}" as ${milliseconds} ms`, () => {
      assert.equal(read(`global: { scrape_interval: "${text}" }`), milliseconds);
    });
  }

  it('takes the global interval as long as one job uses it', () => {
    const jobs = 'scrape_configs: [{ scrape_interval: 5s }, { scrape_interval: 1m }, { job_name: x }]';

    assert.equal(read(`global: { scrape_interval: 1m }\n${jobs}`), 60_000);
    assert.equal(read(`global: { scrape_interval: 30s }\n${jobs}`), 30_000);
  });

  it('takes the smallest of the jobs’ own when none uses the global one', () => {
    const jobs = 'scrape_configs: [{ scrape_interval: 15s }, { scrape_interval: 5s }]';

    assert.equal(read(`global: { scrape_interval: 1m }\n${jobs}`), 5000);
    assert.equal(read(jobs), 5000);
  });

  for (const [name, answer] of [
    ['no object', null],
    ['an error', { status: 'error' }],
    ['text that is no YAML', { data: { yaml: 'a: [' } }],
    ['YAML without intervals', { data: { yaml: 'a: 1' } }],
    ['an empty text', { data: { yaml: '' } }],
    ['an interval that is a list', { data: { yaml: 'global: { scrape_interval: [1] }' } }],
  ] as const) {
    it(`cannot tell from ${name}`, () => assert.equal(readScrapeInterval(answer), null));
  }
});
