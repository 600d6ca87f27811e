/**
 * Each shell asks `pier __complete WORD…`, of which the last is the word at the cursor. The answer is a line for each thing that
 * the word may become, and a last one that begins with a colon: `:files` where the shell shall offer files, `:nospace` where more
 * belongs to the same word, `:done` otherwise.
 *
 * @module
 */

/**
 * Bash takes a word apart at the characters of COMP_WORDBREAKS, among them `:` and `=`, and replaces the last piece alone: so
 * the line is split here, and what stands before the last piece is cut off each candidate.
 */
const BASH = `_pier() {
  local line="\${COMP_LINE:0:COMP_POINT}" IFS=$' \\t\\n' words current head answer directive
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  current="\${words[\${#words[@]}-1]}"
  head="\${current%"\${current##*[:=]}"}"
  mapfile -t answer < <("\${words[0]}" __complete "\${words[@]:1}" 2>/dev/null)
  directive="\${answer[\${#answer[@]}-1]}"
  unset 'answer[\${#answer[@]}-1]'
  COMPREPLY=("\${answer[@]#"$head"}")
  case $directive in
    :files) compopt -o default ;;
    :nospace) compopt -o nospace ;;
  esac
}
complete -F _pier pier
`;

const ZSH = `#compdef pier
_pier() {
  local -a answer
  answer=("\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  local directive="\${answer[-1]}"
  answer=("\${(@)answer[1,-2]}")
  case $directive in
    :files) _files ;;
    :nospace) compadd -S '' -a answer ;;
    *) compadd -a answer ;;
  esac
}
if [ "\${funcstack[1]}" = _pier ]; then _pier "$@"; else compdef _pier pier; fi
`;

const FISH = `function __pier_complete
  set -l words (commandline -opc)
  set -l answer ($words[1] __complete $words[2..] (commandline -ct) 2>/dev/null)
  if test (count $answer) -eq 0
    return
  end
  if test $answer[-1] = :files
    __fish_complete_path (commandline -ct)
    return
  end
  set -e answer[-1]
  printf '%s\\n' $answer
end
complete -c pier -f -a '(__pier_complete)'
`;

const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** Prints the script that makes a shell complete pier's command lines. @returns The exit code. */
export function printScript(shell: string | undefined): number {
  if (shell === '--help' || shell === '-h') {
    process.stdout.write(HELP);
    return 0;
  }
  const script = shell !== undefined && Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined) {
    process.stderr.write("pier: 'pier completion' requires one of: bash, zsh, fish\n\nRun 'pier completion --help' for more information\n");
    return 1;
  }
  process.stdout.write(script);
  return 0;
}

const HELP = `Usage:  pier completion SHELL

Print the script that makes bash, zsh or fish complete command lines

Examples:
  source <(pier completion bash)                                # in ~/.bashrc
  source <(pier completion zsh)                                 # in ~/.zshrc, after compinit
  pier completion fish > ~/.config/fish/completions/pier.fish   # once
`;
