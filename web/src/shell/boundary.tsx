// What breaks while a page is drawn breaks that page only, and can be tried again. After an update of the server, parts
// of the old console are gone: then the page is loaded anew.
import { Component, type ReactNode } from "react";
import { Failure } from "../ui/feedback";

interface State {
  error: unknown;
  at: string;
}

const isMissingPart = (error: unknown) =>
  error instanceof Error &&
  /dynamically imported module|module script failed|Failed to fetch/i.test(error.message);

export class Boundary extends Component<{ at: string; children: ReactNode }, State> {
  override state: State = { error: undefined, at: this.props.at };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error };
  }

  // Another page is another try.
  static getDerivedStateFromProps(props: { at: string }, state: State): Partial<State> | null {
    return props.at === state.at ? null : { at: props.at, error: undefined };
  }

  override render() {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    const missing = isMissingPart(error);
    return (
      <div className="boundary">
        <h1>{missing ? "A part of the console is not there" : "This page broke"}</h1>
        <Failure
          what={
            missing
              ? "The server was updated or does not answer. Drafts are kept."
              : "The console has a mistake here. Drafts are kept."
          }
          error={error}
          retry={() => window.location.reload()}
        />
      </div>
    );
  }
}
