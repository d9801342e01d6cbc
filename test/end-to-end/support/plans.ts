import { stringify } from 'yaml';
import { parseDuration } from '../../../src/duration.ts';

type Times = {
  readonly duration: string;
  readonly interval: string;
  readonly step: string;
  readonly delay: string;
};

/** Looks each 5 s on steps of 5 s, over a Prometheus that scrapes each second. */
export const fast: Times = { duration: '100s', interval: '5s', step: '5s', delay: '2s' };

/** Steps of a minute over a Prometheus that scrapes each 15 s, as most installations have it. */
export const minutely: Times = { duration: '4m', interval: '15s', step: '60s', delay: '15s' };

/** A duration as plans write it, in milliseconds. */
export function millisecondsOf(duration: string): number {
  const milliseconds = parseDuration(duration);
  if (milliseconds === null) throw new Error(`no duration: ${duration}`);
  return milliseconds;
}

/** How many looks a run of that plan has when nothing ends it early. */
export function plannedLooks({ duration, interval }: Times): number {
  return Math.ceil(millisecondsOf(duration) / millisecondsOf(interval));
}

/** Polls that outlast the plan: `(maxDuration + delay) / interval + 5`. */
export function pollsFor({ duration, interval, delay }: Times): number {
  return Math.ceil((millisecondsOf(duration) + millisecondsOf(delay)) / millisecondsOf(interval)) + 5;
}

const selector = 'app="{{service}}",pod_template_hash="{{scope.pod_template_hash}}"';
const requests = (labels: string): string => `sum(increase(http_requests_total{${labels}}[{{step}}]))`;
const rate = (of: 'sum' | 'count'): string =>
  `sum(rate(http_request_duration_seconds_${of}{${selector}}[{{step}}]))`;

/** A template that judges the share of 5xx and the mean latency as one Prometheus tells them. */
function template(name: string, provider: string, times: Times): object {
  return {
    name,
    ...times,
    maxDuration: times.duration,
    metrics: [
      {
        name: 'errors',
        kind: 'ratio',
        provider,
        events: requests(`${selector},code=~"5.."`),
        total: requests(selector),
      },
      { name: 'latency', kind: 'gauge', provider, query: `${rate('sum')} / ${rate('count')}` },
    ],
  };
}

/** A configuration with one template for each Prometheus, of the same name. */
export function writeConfig(
  backends: readonly { readonly name: string; readonly url: string; readonly times: Times }[],
): string {
  return stringify({
    providers: Object.fromEntries(backends.map(({ name, url }) => [name, { type: 'prometheus', url }])),
    templates: backends.map(({ name, times }) => template(name, name, times)),
    services: [{ name: 'catalog' }, { name: 'checkout' }],
    environments: [
      { name: 'production', production: true },
      { name: 'staging', production: false },
    ],
  });
}
