/** A path of Kayenta's, and the same for callers that cannot send headers and have their token in it. */
export function kayentaPaths(path: string): string[] {
  return [`/kayenta${path}`, `/kayenta/t/:token${path}`];
}

/** Whether a route, as the description writes it, is one of these. */
export function isKayentaRoute(route: string | undefined): boolean {
  return route?.startsWith('/kayenta/') === true;
}
