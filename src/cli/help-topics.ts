/** Pages of `pier help TOPIC`: what several commands have in common. */
export const HELP_TOPICS: Readonly<Record<string, string>> = {
  'first-steps': `First steps

A container is a process with a file system of its own, made from an image. pier brings one image along, pier/starter, made from
this machine's busybox:

  pier run --rm -ti pier/starter sh         a shell in a new container; 'exit' ends and removes it
  pier run -d --name clock pier/starter sh -c 'while date; do sleep 1; done'
  pier ps                                   what runs
  pier logs -f clock                        what it prints; ctrl-c leaves it running
  pier exec -ti clock sh                    a second process in the same container
  pier stop clock; pier rm clock            end it, and remove what it wrote

Other images come in as archives, from any other engine or as the tar of a file system:

  docker save alpine | pier load
  pier import rootfs.tar.gz mine

What happens below is shown by 'pier explain run --rm pier/starter true'.
`,
  formatting: `Formatting

--format takes 'json', 'table', 'table TEMPLATE' or TEMPLATE, a template of Go's text/template:

  pier ps --format '{{.Names}}: {{.Status}}'
  pier ps --format 'table {{.ID}}\\t{{.Names}}\\t{{.Label "app"}}'
  pier ps --format '{{json .}}'             all fields of a row with their names
  pier inspect -f '{{.State.Pid}}' web
  pier inspect -f '{{range .Mounts}}{{.Source}} -> {{.Destination}}{{println}}{{end}}' web
  pier inspect -f '{{index .Config.Labels "com.example.app"}}' web

Between the braces: if, else, range, with, break, continue, define, template, block, end, $variables, and the functions
and, or, not, eq, ne, lt, le, gt, ge, len, index, slice, print, printf, println, html, js, urlquery, call, json, join, lower,
pad, split, title, truncate, upper.

A format for every call of ps, images and stats stands in config.json, as psFormat, imagesFormat and statsFormat.
`,
  filters: `Filters

--filter KEY=VALUE may be given several times: values of one key are alternatives, different keys must all hold. Labels are the
exception: all of them must be there.

  pier ps -a --filter status=exited --filter exited=137
  pier ps --filter name='^web-[0-9]+$'      a regular expression
  pier ps --filter label=app=shop --filter ancestor=alpine
  pier images --filter dangling=true
  pier events --filter type=container --filter event=die --since 1h
`,
  contexts: `Contexts

A context is a name for a daemon. pier keeps contexts where Docker's client does (~/.docker), so each sees the other's:

  pier context create docker --docker host=unix:///var/run/docker.sock
  pier -c docker ps                         one command, of Docker's daemon
  pier context use docker                   all commands from now on, of Docker's client too
  pier context use default                  pier's own daemon again

Which daemon a command talks to: -H or -c, then DOCKER_HOST, then DOCKER_CONTEXT, then the context in use.
`,
};
