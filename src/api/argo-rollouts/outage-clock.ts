/** Tells how long something has failed without a success in between. */
export type OutageClock = {
  /** Notes a failure for `subject` and tells whether its grace is used up. */
  failed(subject: string): boolean;
  /** Ends the outage, for `subject` and in general. */
  succeeded(subject: string): void;
};

/** The subject of failures that are nobody's in particular. */
export const everybody = '';

type Outage = { readonly began: number; readonly last: number };

const mostSubjects = 1000;
/** A failure so many times the grace after the one before begins an outage of its own. */
const apart = 4;

function forgetOldest(outages: Map<string, Outage>): void {
  if (outages.size <= mostSubjects) return;
  for (const subject of outages.keys()) {
    if (subject === everybody) continue;
    outages.delete(subject);
    return;
  }
}

/**
 * A clock in memory that begins with the first failure. Two outages are told apart: that of everybody, ended by any
 * success, and that of one subject, ended by its own, so that a single analysis that always fails is not called
 * running for ever because others succeed. At most 1 000 subjects are kept; the longest known are forgotten first.
 *
 * @param grace - for how long a failure may be waited out, milliseconds
 */
export function createOutageClock(now: () => number, grace: () => number): OutageClock {
  const outages = new Map<string, Outage>();
  const ageOf = (subject: string): number => {
    const time = now();
    const known = outages.get(subject);
    const goesOn = known !== undefined && time - known.last <= apart * grace();
    const began = goesOn ? known.began : time;
    outages.set(subject, { began, last: time });
    return time - began;
  };
  return {
    failed(subject) {
      const age = Math.max(ageOf(everybody), ageOf(subject));
      forgetOldest(outages);
      return age >= grace();
    },
    succeeded(subject) {
      outages.delete(everybody);
      outages.delete(subject);
    },
  };
}
