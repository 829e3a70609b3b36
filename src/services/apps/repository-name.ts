/** What comes before the name in the address of a repository: everything up to the host and the separators behind it. */
const HOST = 'github.com';

/**
 * `owner/repo` out of what people paste: an address for a browser or for git, or the name itself. undefined when there
 * are no two parts that could be an owner and a repository. Source: the repository resolution of the platform chapter.
 */
export function repositoryName(text: string): string | undefined {
  const path = withoutHost(text.trim())
    .replace(/[?#].*$/s, '')
    .replace(/(?<!\/)\/+$/, '')
    .replace(/\.git$/, '');
  const [owner, repository] = path.split('/').filter((part) => part !== '');
  if (owner === undefined || repository === undefined) return undefined;
  // Neither is a name, and in an address both would lead elsewhere.
  if ([owner, repository].some((part) => part === '.' || part === '..')) return undefined;
  return `${owner}/${repository}`;
}

/** Only where the last mention of the host is followed by a separator: `owner/some.github.com` is a name. */
function withoutHost(text: string): string {
  const end = text.lastIndexOf(HOST) + HOST.length;
  const rest = text.slice(end);
  return text.includes(HOST) && /^[/:]/.test(rest) ? rest.replace(/^[/:]+/, '') : text;
}
