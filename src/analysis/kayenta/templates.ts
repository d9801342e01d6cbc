import { createHash } from 'node:crypto';
import type { Catalog } from '../catalog.ts';
import type { Plan } from '../plan.ts';

const prefix = 'template-';
const plain = /^[A-Za-z0-9_.-]{1,80}$/;

/** The id under which a configured template is a canary config: the same for as long as its name is. */
export function templateId(name: string): string {
  const text = plain.test(name) ? name : `~${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
  return `${prefix}${text}`;
}

/** Whether an id is of the kind that templates have. */
export function isTemplateId(id: string): boolean {
  return id.startsWith(prefix);
}

/** The template of an id; `null` when there is none. */
export function findTemplate(catalog: Catalog, id: string): { name: string; plan: Plan } | null {
  for (const [name, plan] of catalog.templates) if (templateId(name) === id) return { name, plan };
  return null;
}

/** A template may be used by any service, those that are not configured included. */
export function applicationsOf(catalog: Catalog, asked: readonly string[]): readonly string[] {
  const known = catalog.services.flatMap(({ name, aliases }) => [name, ...aliases]);
  return [...new Set([...known, ...asked])];
}
