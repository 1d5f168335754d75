// The pages within an application, with the console as their host.

import { EndpointForm } from "./endpoint-form";
import { EndpointView } from "./endpoint-page";
import { InApplication } from "./in-application";
import { MessageView } from "./message-page";
import { NewMessage } from "./new-message";

export const EndpointPage = () => <InApplication>{() => <EndpointView />}</InApplication>;
export const EndpointFormPage = () => <InApplication>{() => <EndpointForm />}</InApplication>;
export const MessagePage = () => <InApplication>{() => <MessageView />}</InApplication>;
export const NewMessagePage = () => <InApplication>{() => <NewMessage />}</InApplication>;
