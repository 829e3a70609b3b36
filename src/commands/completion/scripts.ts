import type { Command } from 'commander';
import { type Place, places } from './words.ts';

export type Shell = 'bash' | 'zsh' | 'fish' | 'powershell';

/** The completion script of a shell for the whole command tree. */
export function completionScript(shell: Shell, program: Command): string {
  return WRITERS[shell](places(program));
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const wordsOf = (place: Place) => [...place.commands, ...place.flags].map(({ name }) => name).join(' ');
const argumentWords = (place: Place) => place.values.find(({ of }) => of === '')?.words ?? [];

/** `case` arms shared by bash and zsh: walking the path, values of a flag, words of a place. */
function posixArms(all: readonly Place[]) {
  const steps = all
    .filter(({ path }) => path.includes(' '))
    .map(
      ({ path, otherPaths }) => `      ${[path, ...otherPaths].map(quoted).join('|')}) at=${quoted(path)} ;;`,
    );
  const values = all.flatMap(({ path, values: list }) =>
    list
      .filter(({ of }) => of !== '')
      .map(({ of, words }) => `    ${quoted(`${path} ${of}`)}) words=${quoted(words.join(' '))} ;;`),
  );
  const words = all.map(
    (place) =>
      `      ${quoted(place.path)}) words=${quoted([wordsOf(place), ...argumentWords(place)].join(' ').trim())} ;;`,
  );
  return { steps: steps.join('\n'), values: values.join('\n'), words: words.join('\n') };
}

function bash(all: readonly Place[]): string {
  const { steps, values, words } = posixArms(all);
  return `# bash completion for unkey
_unkey() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" at='unkey' words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
${steps}
    esac
  done
  case "$at $prev" in
${values}
  esac
  if [ -z "$words" ]; then
    case "$at" in
${words}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _unkey unkey
`;
}

function zsh(all: readonly Place[]): string {
  const { steps, values, words } = posixArms(all);
  return `#compdef unkey
# zsh completion for unkey
_unkey() {
  local prev="\${words[CURRENT-1]}" at='unkey' i
  local -a line
  line=("\${words[@]}")
  local words=''
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${line[i]}" in
${steps}
    esac
  done
  case "$at $prev" in
${values}
  esac
  if [[ -z "$words" ]]; then
    case "$at" in
${words}
    esac
  fi
  compadd -- \${=words} || _files
}
if ! whence compdef >/dev/null; then
  autoload -Uz compinit && compinit
fi
if [[ "\${funcstack[1]}" = _unkey ]]; then
  _unkey "$@"
else
  compdef _unkey unkey
fi
`;
}

function fish(all: readonly Place[]): string {
  const steps = all
    .filter(({ path }) => path.includes(' '))
    .map(
      ({ path, otherPaths }) =>
        `      case ${[path, ...otherPaths].map(quoted).join(' ')}\n        set at ${quoted(path)}`,
    );
  const lines = all.flatMap((place) => {
    const here = `-n ${quoted(`__unkey_at ${quoted(place.path)}`)}`;
    return [
      ...place.commands.map(
        ({ name, description }) =>
          `complete -c unkey ${here} -f -a ${quoted(name)} -d ${quoted(description)}`,
      ),
      ...place.flags.map(({ name, description }) => {
        const list = place.values.find(({ of }) => of === name);
        const takes = list === undefined ? '' : ` -x -a ${quoted(list.words.join(' '))}`;
        return `complete -c unkey ${here} -l ${name.slice(2)}${takes} -d ${quoted(description)}`;
      }),
      ...argumentWords(place).map((word) => `complete -c unkey ${here} -f -a ${quoted(word)}`),
    ];
  });
  return `# fish completion for unkey
function __unkey_at
  set -l at unkey
  set -l line (commandline -opc)
  for word in $line[2..-1]
    switch "$at $word"
${steps.join('\n')}
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`;
}

const powershellQuoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

function powershell(all: readonly Place[]): string {
  const list = (words: readonly string[]) => `@(${words.map(powershellQuoted).join(', ')})`;
  const steps = all.flatMap(({ path, otherPaths }) =>
    path.includes(' ')
      ? [path, ...otherPaths].map((each) => `    ${powershellQuoted(each)} = ${powershellQuoted(path)}`)
      : [],
  );
  const values = all.flatMap(({ path, values: sets }) =>
    sets
      .filter(({ of }) => of !== '')
      .map(({ of, words }) => `    ${powershellQuoted(`${path} ${of}`)} = ${list(words)}`),
  );
  const words = all.map(
    (place) =>
      `    ${powershellQuoted(place.path)} = ${list([...wordsOf(place).split(' '), ...argumentWords(place)])}`,
  );
  return `# PowerShell completion for unkey
Register-ArgumentCompleter -Native -CommandName unkey -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $steps = @{
${steps.join('\n')}
  }
  $values = @{
${values.join('\n')}
  }
  $words = @{
${words.join('\n')}
  }
  $at = 'unkey'
  $prev = ''
  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
    $text = $element.ToString()
    if ($element.Extent.EndOffset -ge $cursorPosition -and $text -eq $wordToComplete) { break }
    if ($steps.ContainsKey("$at $text")) { $at = $steps["$at $text"] }
    $prev = $text
  }
  $offers = if ($values.ContainsKey("$at $prev")) { $values["$at $prev"] } else { $words[$at] }
  $offers | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`;
}

const WRITERS: Readonly<Record<Shell, (all: readonly Place[]) => string>> = { bash, zsh, fish, powershell };
