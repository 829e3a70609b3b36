const SUFFIX = '_total';

/**
 * Prometheus text as OpenMetrics 1.0: the family of a counter is named without `_total`, there are no blank lines, and
 * the end is marked. (prom-client renames its counters for good when asked for OpenMetrics, so one registry could not
 * serve both.)
 */
export function openMetrics(text: string): string {
  const lines = text.split('\n').filter((line) => line !== '');
  const families = new Map<string, string>();
  for (const line of lines) {
    const [mark, keyword, name = '', type = ''] = line.split(' ', 4);
    if (mark === '#' && keyword === 'TYPE') families.set(name, type);
  }
  const converted = lines.map((line) => {
    const [mark, keyword, name = ''] = line.split(' ', 3);
    if (mark !== '#' || families.get(name) !== 'counter' || !name.endsWith(SUFFIX)) return line;
    return line.replace(`# ${keyword} ${name}`, `# ${keyword} ${name.slice(0, -SUFFIX.length)}`);
  });
  return `${converted.join('\n')}\n# EOF\n`;
}
