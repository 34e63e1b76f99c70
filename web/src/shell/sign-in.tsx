import { type FormEvent, useState } from "react";
import { ApiError } from "../api/client";
import { type Session, signIn } from "../api/session";
import { Button } from "../ui/button";
import { Code } from "../ui/copy";
import { TextField } from "../ui/field";
import { Mark } from "../ui/icons";
import { useTitle } from "./shell";
import "./sign-in.css";

export function SignIn({
  onSignedIn,
  refused,
}: {
  onSignedIn: (session: Session) => void;
  /** Why a link did not sign in. */
  refused: string | undefined;
}) {
  useTitle("Sign in");
  const [token, setToken] = useState("");
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<string | undefined>(undefined);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (token.trim() === "") {
      setError("Paste the token first.");
      return;
    }
    setPending(true);
    setError(undefined);
    try {
      onSignedIn(await signIn({ token: token.trim() }));
    } catch (failure) {
      const wait = failure instanceof ApiError ? failure.retryAfterSeconds : undefined;
      setError(
        failure instanceof Error
          ? `${failure.message}${wait ? ` Try again in ${wait} s.` : ""}`
          : String(failure),
      );
      setPending(false);
    }
  };
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <Mark size={32} />
        <h1>Sign in to Offtake</h1>
        {refused && (
          <p className="sign-in-refused" role="alert">
            {refused}
          </p>
        )}
        <p className="soft">The quickest way is a link that works once. This command prints one:</p>
        <Code text="offtake console" label="command" oneLine />
        <div className="sign-in-or" aria-hidden="true">
          or
        </div>
        <form onSubmit={submit} className="sign-in-form">
          <TextField
            label="Token"
            type="password"
            value={token}
            onChange={setToken}
            error={error}
            hint="It is in the file “token” of the server's data directory."
            autoComplete="current-password"
            mono
          />
          <Button type="submit" variant="primary" pending={pending}>
            Sign in
          </Button>
        </form>
      </div>
    </main>
  );
}
