import { parseSpec, readSpecText } from '../../src/api/spec.ts';

type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
};

/** One operation of `openapi.yaml`, as a caller meets it. */
export type DescribedOperation = {
  readonly id: string;
  readonly method: string;
  /** The template of its path. */
  readonly route: string;
  readonly access: string;
  /** Whether it may change anything. */
  readonly writes: boolean;
  /** A body that is good enough to be let in, or `null` where none is read. */
  readonly body: unknown;
};

const spec = parseSpec(readSpecText());
const schemas = spec.components.schemas as Readonly<Record<string, Schema>>;

function resolve(schema: Schema): Schema {
  return schema.$ref === undefined ? schema : resolve(schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});
}

/** The least value of a schema: required members only. */
function leastValue(given: Schema): unknown {
  const schema = resolve(given);
  const [alternative] = [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  if (alternative !== undefined) return leastValue(alternative);
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.properties !== undefined || schema.type === 'object') {
    const names = schema.required ?? [];
    return Object.fromEntries(names.map((name) => [name, leastValue(schema.properties?.[name] ?? {})]));
  }
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'array') return [leastValue(schema.items ?? {})];
  if (type === 'integer' || type === 'number') return 1;
  if (type === 'boolean') return false;
  return schema.format === 'date-time' ? '2026-01-01T00:00:00Z' : 'x';
}

type Example = { readonly value?: unknown };
type Content = Readonly<
  Record<string, { readonly schema?: Schema; readonly examples?: Readonly<Record<string, Example>> }>
>;

/** The first example, or the least that the schema takes. */
function bodyOf(content: Content | undefined): unknown {
  if (content === undefined) return null;
  const [media] = Object.values(content);
  const [example] = Object.values(media?.examples ?? {});
  return example?.value ?? leastValue(media?.schema ?? {});
}

/** Every operation of the description, so that a new one is tried without anybody thinking of it. */
export const describedOperations: readonly DescribedOperation[] = Object.entries(spec.paths).flatMap(
  ([route, item]) =>
    Object.entries(item).flatMap(([method, operation]) =>
      operation?.operationId === undefined
        ? []
        : [
            {
              id: operation.operationId,
              method: method.toUpperCase(),
              route,
              access: String(operation['x-serin-access']),
              writes: method !== 'get',
              body: bodyOf(operation.requestBody?.content as Content | undefined),
            },
          ],
    ),
);

/** The path of an operation, its `{token}` as given and every other parameter a name that nothing has. */
export function pathOf({ route }: Pick<DescribedOperation, 'route'>, token = 'none'): string {
  return route.replace('{token}', encodeURIComponent(token)).replace(/\{[^}]+\}/g, 'nobody');
}

/** Whether the route takes its credential from the path. */
export function takesToken({ route }: Pick<DescribedOperation, 'route'>): boolean {
  return route.includes('{token}');
}
