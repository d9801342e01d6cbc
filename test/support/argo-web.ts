/**
 * How Argo Rollouts assesses one reply to a `web` metric: a model of its provider and of its evaluation, for the one
 * form of condition that our templates use. Held against what the real ones did in
 * test/conformance/argo-web.conformance.ts.
 */
export type WebPhase = 'Successful' | 'Failed' | 'Inconclusive' | 'Error' | 'Panic';

export type WebReply = { readonly status: number; readonly text: string };

/** `result.verdict == "pass"`; `null` where the metric has no such condition. */
export type WebConditions = { readonly success: string | null; readonly failure: string | null };

/** What every template that we ship says. */
export const shippedConditions: WebConditions = {
  success: 'result.verdict == "pass"',
  failure: 'result.verdict == "fail"',
};

const comparison = /^result(?:\.(\w+))? == (?:"(\w*)"|(true|nil))$/;

function readOperand(value: unknown, member: string | undefined): unknown {
  if (member === undefined) return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError(`cannot fetch ${member} from ${JSON.stringify(value)}`);
  return (value as Readonly<Record<string, unknown>>)[member] ?? null;
}

/** Whether a condition holds; throws where the expression does, and on a condition that is not modelled. */
function holds(condition: string, value: unknown): boolean {
  const [, member, word, literal] = comparison.exec(condition) ?? [];
  if (word === undefined && literal === undefined) throw new Error(`not modelled: ${condition}`);
  const expected = literal === undefined ? word : literal === 'true' ? true : null;
  return readOperand(value, member) === expected;
}

/** True for conditions that the model knows. */
export function isModelled({ success, failure }: WebConditions): boolean {
  return [success, failure].every((condition) => condition === null || comparison.test(condition));
}

/** Which phase a value gets: a failure goes before a success, and what meets neither of two is inconclusive. */
function evaluate(value: unknown, { success, failure }: WebConditions): WebPhase {
  try {
    const failed = failure !== null && holds(failure, value);
    const succeeded = success !== null && holds(success, value);
    if (failed) return 'Failed';
    if (success === null) return 'Successful';
    if (succeeded) return 'Successful';
    return failure === null ? 'Failed' : 'Inconclusive';
  } catch (error) {
    if (error instanceof TypeError) return 'Error';
    throw error;
  }
}

function parse(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

/**
 * The phase of one measurement without a jsonPath.
 *
 * @param released - as in every release up to 1.9.1, where a 2xx without JSON is Successful whatever the conditions
 *   say; else as on the main branch since
 */
export function assessWeb(reply: WebReply, conditions: WebConditions, released: boolean): WebPhase {
  if (reply.status < 200 || reply.status >= 300) return 'Error';
  const json = parse(reply.text);
  if (json === null) return released ? 'Successful' : evaluate(reply.text, conditions);
  return json.value === null ? 'Panic' : evaluate(json.value, conditions);
}
