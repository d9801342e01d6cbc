import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

/** The parts of a JSON schema that are looked at here. */
export type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
};
type Parameter = { readonly $ref?: string; readonly name?: string; readonly in?: string };
export type SpecOperation = {
  readonly operationId: string;
  /** Who may call it; read by `access.ts`. */
  readonly 'x-serin-access'?: unknown;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
};

/** One operation of the API. */
export type Operation = {
  readonly id: string;
  /** The template of the path, `/v1/analyses/{id}`. */
  readonly route: string;
  readonly spec: SpecOperation;
};

/** The parts of `openapi.yaml` that are looked at here. */
export type Spec = {
  readonly paths: Readonly<Record<string, Readonly<Partial<Record<string, SpecOperation>>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly parameters: Readonly<Record<string, Parameter>>;
  };
};

function locate(folder: string): string {
  const candidate = join(folder, 'openapi.yaml');
  if (existsSync(candidate)) return candidate;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('openapi.yaml is not where the program was installed');
  return locate(parent);
}

/** Reads `openapi.yaml`, which lies in the root of the package, whether it runs from sources or built. */
export function readSpecText(): string {
  return readFileSync(locate(import.meta.dirname), 'utf8');
}

/** The document; a new object at each call, for some of its readers change it. */
export function parseSpec(text: string): Spec {
  return parse(text) as Spec;
}

/** Follows a reference to a schema. */
export function resolveSchema(spec: Spec, schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  return spec.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {};
}

/** Names of an operation's query parameters. */
export function queryNames(spec: Spec, operation: SpecOperation): readonly string[] {
  return (operation.parameters ?? []).flatMap((parameter) => {
    const { name, in: place } =
      parameter.$ref === undefined
        ? parameter
        : (spec.components.parameters[parameter.$ref.split('/').at(-1) ?? ''] ?? {});
    return place === 'query' && name !== undefined ? [name] : [];
  });
}

/** The schema of the value at `path` inside a value of `schema`; `null` when nothing is said of it. */
export function schemaAt(spec: Spec, schema: Schema, path: readonly string[]): Schema | null {
  const resolved = resolveSchema(spec, schema);
  for (const branch of resolved.oneOf ?? []) {
    const found = schemaAt(spec, branch, path);
    if (found !== null) return found;
  }
  const [head, ...rest] = path;
  if (head === undefined) return resolved.oneOf === undefined ? resolved : null;
  const next = resolved.properties?.[head] ?? (/^\d+$/.test(head) ? resolved.items : undefined);
  return next === undefined ? null : schemaAt(spec, next, rest);
}
