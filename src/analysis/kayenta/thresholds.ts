import type { KayentaThresholds } from '../../judge/kayenta/config.ts';
import { type Place, Reader } from '../../judge/kayenta/reader.ts';
import type { Verdict } from '../../judge/types.ts';

const percent = { least: 0, most: 100 };
/** What orca takes when a stage names none. */
const usual: KayentaThresholds = { pass: 75, marginal: 50 };

/** A verdict as a score that every client of Kayenta reads in the same way. */
export type ToldScore = {
  /** Whole: Argo Rollouts and orca cut off what follows the point. */
  readonly score: number;
  readonly classification: 'Pass' | 'Marginal' | 'Fail';
  /** Why the score says something else than the verdict; `null` where it says the same to everybody. */
  readonly note: string | null;
};

/**
 * Reads the thresholds of a request; those of orca where there are none.
 *
 * @throws `invalid_input` unless both are numbers of 0–100 and marginal is not above pass
 */
export function parseThresholds(value: unknown, path = 'thresholds'): KayentaThresholds {
  const reader = new Reader();
  const place: Place = { path, value };
  const fields = reader.fields(place, ['pass', 'marginal']);
  const at = (key: string): Place => ({ path: `${path}.${key}`, value: fields[key] });
  const pass = reader.number(at('pass'), percent, usual.pass);
  const marginal = reader.number(at('marginal'), percent, Math.min(usual.marginal, pass));
  if (marginal > pass) reader.refuse(at('marginal'), `found ${marginal}; it may be at most pass, ${pass}`);
  return reader.finish({ pass, marginal });
}

/** The whole number nearest to `score` within two bounds. */
function within(score: number, least: number, most: number): number {
  const whole = Number.isFinite(score) ? Math.trunc(score) : least;
  return Math.min(most, Math.max(least, whole));
}

function tellPass(score: number, { pass, marginal }: KayentaThresholds): ToldScore {
  // Argo passes from `pass` on, orca fails up to `marginal`, itself included.
  const least = Math.max(Math.ceil(pass), Math.floor(marginal) + 1);
  const note =
    least > 100 ? 'orca takes no score for a pass where marginal is 100; Argo Rollouts takes 100' : null;
  return { score: within(score, Math.min(100, least), 100), classification: 'Pass', note };
}

function tellFail(score: number, { marginal }: KayentaThresholds, note: string | null): ToldScore {
  // Below a marginal of 0 only a negative score fails in Argo.
  const most = Math.ceil(marginal) - 1;
  return { score: within(score, Math.min(0, most), most), classification: 'Fail', note };
}

/** Whether a score can be told that Argo takes for neither pass nor fail. */
export function canTellInconclusive({ pass, marginal }: KayentaThresholds): boolean {
  return Math.ceil(marginal) < pass;
}

function tellInconclusive(score: number, thresholds: KayentaThresholds): ToldScore {
  const { pass, marginal } = thresholds;
  const most = Math.ceil(pass) - 1;
  const least = Math.floor(marginal) + 1;
  if (least <= most) return { score: within(score, least, most), classification: 'Marginal', note: null };
  if (canTellInconclusive(thresholds))
    return {
      score: most,
      classification: 'Marginal',
      note: `no whole number lies between marginal ${marginal} and pass ${pass}: Argo Rollouts takes ${most} for inconclusive, orca for a failure`,
    };
  const note = `inconclusive cannot be told, for no whole score lies from marginal ${marginal} on and below pass ${pass}; what is not known to be fine is told as a failure`;
  return tellFail(score, thresholds, note);
}

/**
 * The score that says `verdict` under the thresholds of a request: the judge's own where it says so, else the nearest
 * that does. Argo Rollouts cuts off decimals and takes `score ≥ pass` for a pass, `score ≥ marginal` for inconclusive
 * and the rest for a failure (metricproviders/kayenta); orca fails at `score ≤ marginal` already. Scores are chosen so
 * that both read the same; where that is impossible the safe side is told, and `note` says so.
 *
 * @param score of the judge, 0–100
 */
export function tellScore(
  verdict: Exclude<Verdict, 'running'>,
  score: number,
  thresholds: KayentaThresholds,
): ToldScore {
  if (verdict === 'pass') return tellPass(score, thresholds);
  if (verdict === 'fail') return tellFail(score, thresholds, null);
  return tellInconclusive(score, thresholds);
}
