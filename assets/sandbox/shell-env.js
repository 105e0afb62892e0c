// Keeps the server's password and the providers' keys out of the commands that the agent runs. They
// can still be read from the server's own process by a determined program; see the README's limits.
const secret = /^(OPENCODE_SERVER_PASSWORD|OPENCODE_SERVER_USERNAME|OPENCODE_CONFIG_CONTENT|E2B_API_KEY|.*_API_KEY|.*_API_TOKEN|.*_ACCESS_TOKEN|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN)$/

export const SandbarShellEnv = async () => ({
  "shell.env": async (_input, output) => {
    for (const name of Object.keys(process.env)) {
      if (secret.test(name)) output.env[name] = ""
    }
  },
})
