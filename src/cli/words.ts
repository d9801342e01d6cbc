import type { Analysis } from './client.ts';

/** Text of the service on one line: control characters could move the cursor or speak to a CI's log parser. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
}

/** A time left or passed, to the second below a minute and to the minute above: `45s`, `12m`, `1h 5m`. */
export function writeSpan(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes}m` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}

/** `checkout v1.8.0 in production (eu-west-1)`. */
export function writeSubject({ service, version, environment, target }: Analysis): string {
  const where = target === null ? environment : `${environment} (${target})`;
  return oneLine(`${service}${version === null ? '' : ` ${version}`} in ${where}`);
}

/** The address of the page for people; `url` is the service's address without a trailing slash. */
export function writePage(analysis: Analysis, url: string): string {
  const { page } = analysis.links;
  return oneLine(/^https?:\/\//.test(page) ? page : `${url}${page}`);
}

/** What was judged, for people: the verdict, each metric with its reason, and where to read more. Several lines. */
export function writeSummary(analysis: Analysis, url: string): string {
  const head = `${analysis.verdict}: ${writeSubject(analysis)}`;
  const kept = analysis.dryRun
    ? ['  dry run: the judged verdict is told on the page, nothing acts on it']
    : [];
  const findings = analysis.findings.map(
    ({ metric, verdict, reason }) => `  ${oneLine(metric)}: ${verdict}: ${oneLine(reason)}`,
  );
  return [
    head,
    `  ${oneLine(analysis.reason)}`,
    ...kept,
    ...findings,
    `  ${writePage(analysis, url)}`,
    '',
  ].join('\n');
}
