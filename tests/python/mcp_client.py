"""Lists the tools of a server and calls them, with the official client of the Model Context Protocol.

Arguments: the address, the key, the mode of the client (auto or legacy), and the calls as JSON: a list of [tool, arguments].
Prints one JSON object: the version, the server's name, the tools, and the results in the order of the calls.
"""

import asyncio
import json
import sys

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


async def main(url, key, mode, calls):
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=30) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            tools = await client.list_tools()
            results = [await client.call_tool(tool, arguments) for tool, arguments in calls]
            return {
                "version": client.protocol_version,
                "server": client.server_info.name,
                "tools": [tool.name for tool in tools.tools],
                "results": [result.model_dump(mode="json", by_alias=True, exclude_none=True) for result in results],
            }


print(json.dumps(asyncio.run(main(*sys.argv[1:4], json.loads(sys.argv[4])))))
