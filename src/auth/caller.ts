export type Role = 'read' | 'record' | 'gate' | 'admin';
export type Caller = {
  readonly name: string;
  readonly kind: 'anonymous' | 'token' | 'oidc' | 'webhook';
  readonly roles: readonly Role[];
  readonly services: readonly string[] | null;
};
