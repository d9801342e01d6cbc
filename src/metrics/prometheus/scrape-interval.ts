import { parse } from 'yaml';
import { ConfigAnswer, ScrapeConfig } from './schema.ts';

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/**
 * Reads the scrape interval in milliseconds out of the answer of `/api/v1/status/config`: the global one as long as
 * some job uses it, else the smallest of the jobs' own. `null` when the answer does not tell.
 */
export function readScrapeInterval(answer: unknown): number | null {
  const dump = ConfigAnswer.safeParse(answer);
  const config = ScrapeConfig.safeParse(dump.success ? parseYaml(dump.data.data.yaml) : null);
  if (!config.success) return null;
  const whole = parsePrometheusDuration(config.data.global?.scrape_interval ?? '');
  const jobs = (config.data.scrape_configs ?? [])
    .map((job) => parsePrometheusDuration(job.scrape_interval ?? ''))
    .map((interval) => interval ?? whole)
    .filter((interval) => interval !== null);
  if (jobs.length === 0 || (whole !== null && jobs.includes(whole))) return whole;
  return Math.min(...jobs);
}

/** Prometheus writes `1m30s` where Serin writes `90s`. `null` for anything but such a duration above 0. */
function parsePrometheusDuration(text: string): number | null {
  if (!/^(?:\d+(?:ms|[smhdwy]))+$/.test(text)) return null;
  const parts = text.matchAll(/(\d+)(ms|[smhdwy])/g);
  const total = [...parts].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0),
    0,
  );
  return total > 0 ? total : null;
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { logLevel: 'silent' });
  } catch {
    return null;
  }
}
