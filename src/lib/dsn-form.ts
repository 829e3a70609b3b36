/**
 * Whether a connection string is a Go-style DSN with a network part, `…@tcp(host:port)/db` or `…@unix(path)/db`, and no
 * URL: a user and a password that begins with `//` look like a scheme, but no URL has parentheses there.
 */
export function hasDsnForm(text: string): boolean {
  return /@(?:tcp|unix)\([^)]*\)\//i.test(text);
}
