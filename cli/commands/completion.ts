import { candidates } from '../completion/candidates';
import { scripts, type Shell, shells } from '../completion/scripts';
import { type DrydockCommand, usage } from '../command';
import type { CliContext } from '../context';
import { nearest } from '../input/validate';

export function registerCompletion(parent: DrydockCommand, context: () => CliContext): void {
  const command = parent
    .command('completion')
    .summary('print a script that completes commands, options, clusters and operations')
    .argument('<shell>', `one of ${shells.join(', ')}`)
    .examples(
      'eval "$(npx drydock completion bash)"                                        in ~/.bashrc',
      'npx drydock completion zsh > "${fpath[1]}/_drydock"                          once',
      'npx drydock completion fish > ~/.config/fish/completions/drydock.fish        once',
    )
    .action((shell: string) => {
      if (!(shells as readonly string[]).includes(shell))
        throw usage(
          [{ path: '<shell>', message: `expected ${shells.join(' or ')}; found ${JSON.stringify(shell)}${nearest(shell, shells)}` }],
          command,
        );
      context().terminal.out(scripts[shell as Shell]);
    });

  // Called by the scripts with the words typed so far, the unfinished one last. Never fails and never writes to stderr: it runs at every Tab.
  parent
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false)
    .action(async (words: string[]) => {
      const lines = await candidates(parent, words, context());
      context().terminal.out(lines.map((line) => `${line}\n`).join(''));
    });
}
