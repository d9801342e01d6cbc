import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import type { InputIssue } from '../../errors.ts';
import type { Spec } from '../spec.ts';

/** What is wrong with an item, held against a schema of the description; empty when nothing is. */
export type CheckItem = (schema: 'ChangeReport' | 'IncidentReport', item: unknown) => InputIssue[];

const mostIssues = 20;

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function writePath(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce(
      (text, name) => (/^\d+$/.test(name) ? `${text}[${name}]` : text === '' ? name : `${text}.${name}`),
      '',
    );
}

function describe({ keyword, instancePath, params, data, message, parentSchema }: ErrorObject): InputIssue {
  const at = (name: string): string => writePath(`${instancePath}/${name}`);
  if (keyword === 'required') return { path: at(params['missingProperty']), message: 'is missing' };
  if (keyword === 'additionalProperties') {
    const allowed = Object.keys((parentSchema?.['properties'] ?? {}) as object).join(', ');
    return {
      path: at(params['additionalProperty']),
      message: `unknown key; allowed are ${allowed}`,
    };
  }
  const allowed =
    keyword === 'enum' ? `allowed are ${(params['allowedValues'] as string[]).join(', ')}` : message;
  return { path: writePath(instancePath), message: `found ${show(data)}; ${allowed}` };
}

/**
 * Holds items against the schemas of `openapi.yaml` one by one, as the middleware holds bodies against them; numbers and
 * booleans may be texts. Times are left to who reads them.
 */
export function createCheckItem(spec: Spec): CheckItem {
  const ajv = new Ajv2020({
    allErrors: true,
    coerceTypes: true,
    strict: false,
    validateFormats: false,
    verbose: true,
  });
  ajv.addSchema(spec, 'openapi.yaml');
  return (schema, item) => {
    const validate = ajv.getSchema(`openapi.yaml#/components/schemas/${schema}`);
    if (validate === undefined) throw new Error(`openapi.yaml has no schema ${schema}`);
    if (validate(item)) return [];
    return (validate.errors ?? []).slice(0, mostIssues).map(describe);
  };
}
